// The public pages are whole without this. It keeps an open page current, tells its age, and shows the reader's own time.
// At most 2 KB compressed. All words come from the page.
(() => {
  const doc = document, root = doc.documentElement, one = s => doc.querySelector(s), all = s => [...doc.querySelectorAll(s)];
  const kept = (key, value) => {
    // A browser may forbid storage: the choice then lasts as long as the page.
    try { return value ? localStorage.setItem(key, value) : localStorage.getItem(key) } catch { return null }
  };
  let zone = kept("zone"), theme = kept("theme");
  const paint = () => { if (theme) root.dataset.theme = theme };
  root.classList.add("js");
  paint();

  const length = seconds => {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    // As the server writes lengths: each count in the unit of the page's language.
    const [S, M, H, D] = one("#age").dataset.units.split("|").map(unit => count => unit.replace("%s", count));
    return seconds < 60 ? S(Math.floor(seconds)) : hours > 47 ? D(Math.floor(hours / 24)) + " " + H(hours % 24)
      : hours ? H(hours) + " " + M(minutes % 60) : M(minutes);
  };
  const local = (at, day) => at.toLocaleString(root.lang == "en" ? "en-GB" : root.lang, {
    hourCycle: "h23", hour: "2-digit", minute: "2-digit", timeZoneName: "short", ...day && { day: "numeric", month: "short", year: "numeric" },
  });
  const times = () => {
    all('time[datetime*=T]').forEach(el => {
      const utc = el.dataset.utc ??= el.textContent, at = new Date(el.dateTime);
      el.textContent = zone == "local" ? local(at, utc.length > 12 || at.getDate() != at.getUTCDate()) : utc;
      el.title = zone == "local" ? utc : "";
    });
    all("[data-do=zone]").forEach(el => {
      const here = el.dataset.here ??= el.textContent;
      el.textContent = zone == "local" ? el.dataset.other : here;
    });
  };

  doc.addEventListener("click", ({ target: { dataset } }) => {
    if (dataset.do == "zone") {
      kept("zone", zone = zone == "local" ? "utc" : "local");
      times();
    }
    if (dataset.do == "theme") {
      const dark = theme ? theme == "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      kept("theme", theme = dark ? "light" : "dark");
      paint();
    }
  });

  doc.addEventListener("DOMContentLoaded", () => {
    let plain = one("main").innerHTML, live = "live" in one("main").dataset, seen = Date.now(), base = 0, wait = 30, checked, asOf, etag, timer;

    // The age is counted from when a newer heartbeat was first seen, so a wrong clock here does no harm.
    const tick = () => {
      if (doc.hidden) return;
      const now = Date.now(), old = (base + now - seen) / 1000 > 120, note = one("#stale");
      all("[data-due]").forEach(el => {
        const left = (Date.parse(el.dataset.due) - now) / 1000;
        el.classList.toggle("overdue", left < 0);
        el.lastElementChild.textContent = (left < 0 ? el.dataset.over : el.dataset.in).replace("%s", length(Math.abs(left)));
      });
      if (!live) return;
      if (checked) one("#age").textContent = one("#age").dataset.text.replace("%s", length((now - checked) / 1000));
      root.classList.toggle("stale", old);
      if (old && note.hidden) {
        const [before, after] = note.dataset.text.split("%s"), at = doc.createElement("time");
        at.dateTime = new Date(seen - base).toISOString();
        at.textContent = at.dateTime.slice(11, 16) + " UTC";
        note.replaceChildren(before, at, after);
        times();
      }
      note.hidden = !old;
    };

    // Puts the newer text in, and the reader's place, focus and opened details back.
    const renew = next => {
      const links = () => all("main a, main summary, main button"), places = () => all("main [id]");
      const was = links(), at = was.indexOf(doc.activeElement), opened = new Map(all("main details").map(el => [el.id, el.open]));
      const place = scrollY > 0 && places().find(el => el.getBoundingClientRect().bottom > 0), top = place && place.getBoundingClientRect().top;
      const said = one("h1").textContent;
      ["main", "#changed", "title", "[rel=icon]"].forEach(s => one(s).replaceWith(next.querySelector(s)));
      all("main details").forEach(el => { if (opened.has(el.id)) el.open = opened.get(el.id) });
      times();
      if (at >= 0) (links().find(el => el.outerHTML == was[at].outerHTML) || links()[at] || one("main")).focus({ preventScroll: true });
      const same = place && doc.getElementById(place.id);
      if (same) scrollBy(0, same.getBoundingClientRect().top - top);
      if (said != one("h1").textContent) one("#live").textContent = one("h1").textContent;
    };

    const poll = async () => {
      clearTimeout(timer);
      if (doc.hidden) return;
      try {
        const answer = await fetch(location.pathname, { cache: "no-cache" }), headers = answer.headers;
        if (!answer.ok) throw answer;
        const stamp = headers.get("Candor-As-Of") || (await (await fetch("/heartbeat.json", { cache: "no-cache" })).json()).time;
        if (stamp != asOf) {
          base = Math.max(headers.get("Candor-Stale") * 1000, Date.parse(headers.get("Date")) - Date.parse(asOf = stamp)) || 0;
          seen = Date.now();
        }
        if (!etag || etag != headers.get("ETag")) {
          etag = headers.get("ETag");
          const next = new DOMParser().parseFromString(await answer.text(), "text/html"), html = next.querySelector("main").innerHTML;
          if (html != plain) renew(next, plain = html);
        }
        checked = Date.now();
        wait = 30;
      } catch {
        wait = Math.min(wait * 2, 300);
      }
      tick();
      clearTimeout(timer);
      timer = setTimeout(poll, wait * (800 + Math.random() * 400));
    };

    times();
    tick();
    setInterval(tick, 10000);
    if (live) {
      timer = setTimeout(poll, 1000 + Math.random() * 2000);
      doc.addEventListener("visibilitychange", poll);
    }
  });
})();
