// statuspage.io 3.3.8 reads every document that it knows; prints them as JSON.
const { Statuspage } = require("statuspage.io");

async function main() {
  const client = new Statuspage("any");
  client.setApiUrl(process.env.SITE);
  const { api } = client;
  console.log(JSON.stringify({
    summary: await api.getSummary(),
    status: await api.getStatus(),
    components: await api.getComponents(),
    unresolved: await api.incidents.getUnresolved(),
    incidents: await api.incidents.getAll(),
    upcoming: await api.scheduledMaintenances.getUpcoming(),
    active: await api.scheduledMaintenances.getActive(),
    maintenances: await api.scheduledMaintenances.getAll(),
  }));
}

main().catch((error) => { console.error(error); process.exit(1); });
