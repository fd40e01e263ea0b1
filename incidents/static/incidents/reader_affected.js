// "Was I affected?", computed from /uptime/ledger.json. Follows reader.js in the same file. The sums are those of
// incidents/domain/intervals.py: instants are whole microseconds since 1970, which a number holds exactly.
(() => {
  const { one, all, make, say, day, exact, zone, shown, instant, localText, own, read, stated, write, page } = window.page.tools;
  const HEAVINESS = ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"];
  const PLANNED = "under_maintenance", FRESH = 120e6;
  const worst = levels => HEAVINESS[Math.max(0, ...levels.map(level => HEAVINESS.indexOf(level)))];

  const micros = text => {
    const [whole, part] = text.replace("Z", "").split(".");
    return Date.parse(whole + "Z") * 1000 + (part ? +part.padEnd(6, "0") : 0);
  };

  // Each instant once, at its heaviest level: sorted stretches [start, end, level], neighbours of one level joined.
  const segments = rows => {
    const edges = [...new Set(rows.flatMap(row => [row.start, row.end]))].sort((a, b) => a - b), found = [];
    const begin = [...rows].sort((a, b) => a.start - b.start);
    let open = [], coming = 0;
    edges.slice(0, -1).forEach((start, index) => {
      const end = edges[index + 1], last = found.at(-1);
      while (coming < begin.length && begin[coming].start <= start) open.push(begin[coming++]);
      open = open.filter(row => row.end > start);
      if (!open.length) return;
      const level = worst(open.map(row => row.level));
      if (last && last[1] == start && last[2] == level) last[1] = end;
      else found.push([start, end, level]);
    });
    return found;
  };
  const seconds = found => found.reduce((sum, [start, end]) => sum + end - start, 0) / 1e6;

  // The whole answer. `asked`: slugs (none: all), region ("": all), from and to (microseconds; to null: until now);
  // `asOf`: up to when the record is known; `now`: the reader's. Nothing here is "no" for a time without data.
  const affected = (ledger, { slugs, region, from, to }, asOf, now) => {
    const known = Object.fromEntries(ledger.components.map(row => [row.slug, row]));
    const wanted = slugs.map(slug => known[slug]).filter(Boolean), codes = new Set(wanted.map(row => row.code));
    const leaves = ledger.components.filter(row => !row.is_group && (slugs.length ? codes.has(row.code) || codes.has(row.group) : true));
    const here = leaves.filter(row => !region || !row.regions.length || row.regions.includes(region));
    const isStale = now - asOf > FRESH, until = to ?? (isStale ? Math.max(now, from) : Math.max(asOf, from)), end = Math.min(until, asOf);
    const mine = new Set(here.map(row => row.code)), gaps = [];
    const overlaps = ledger.intervals.filter(row => mine.has(row.component.code) && (!region || !row.region || row.region == region)).map(row => ({
      row, level: row.level, start: Math.max(micros(row.started_at), from),
      end: Math.min(row.ended_at ? micros(row.ended_at) : asOf, end), isOpen: !row.ended_at || micros(row.ended_at) > asOf,
    })).filter(row => row.start < row.end);
    here.forEach(row => {
      const begun = row.first_day && instant(row.first_day, ledger.page.time_zone) * 1000;
      if (!row.first_day) gaps.push({ name: row.name, day: null, isWhole: true });
      else if (begun > from) gaps.push({ name: row.name, day: begun, isWhole: begun >= end });
    });
    const all = segments(overlaps), trouble = all.filter(([, , level]) => level != PLANNED), rest = all.filter(([, , level]) => level == PLANNED);
    const isAhead = until > asOf, isBlank = end <= from || here.length > 0 && gaps.filter(gap => gap.isWhole).length == here.length;
    return {
      verdict: !here.length ? "absent" : trouble.length ? "yes" : rest.length && !isBlank ? "maintenance" : isBlank ? "unknown"
        : gaps.length || isAhead ? "partly" : "no",
      worst: worst(all.map(([, , level]) => level)), seconds: seconds(trouble), planned: seconds(rest), segments: all, overlaps, gaps, isAhead,
      isGoing: overlaps.some(row => row.isOpen && row.level != PLANNED && row.end == asOf && !isStale), until, end,
      absent: leaves.filter(row => !here.includes(row)).map(row => row.name), names: (wanted.length ? wanted : []).map(row => row.name),
    };
  };
  page.affected = affected;
  page.instant = instant;

  const form = one("#ask");
  if (!form) return;
  const box = one("#answer"), from = one("#from"), to = one("#to"), region = one("#region");
  let words, answer, written = zone();
  const fill = (text, told) => text.replace(/%(\w+)%/g, (_all, name) => told[name]);
  const at = micro => shown(new Date(micro / 1000), exact);
  const length = total => total < 1 && total > 0 ? "< 1 s" : page.length(total);
  const time = micro => {
    const el = make("time", at(micro));
    el.title = say(micro / 1000, zone() == "UTC" ? own : "UTC", { ...day, ...exact }) + " " + (zone() == "UTC" ? own : "UTC");
    return el;
  };

  const ask = async () => {
    const asked = {
      slugs: all("#choice input:checked").map(el => el.value), region: region?.value || "",
      from: instant(from.value, zone()) * 1000, to: to.value ? instant(to.value, zone()) * 1000 : null,
    };
    to.setCustomValidity(asked.to !== null && asked.to <= asked.from ? words.reversed : "");
    if (!form.reportValidity()) return;
    const stamp = micro => micro === null ? "" : new Date(micro / 1000).toISOString().slice(0, 19) + "Z";
    write({ only: asked.slugs.join(","), region: asked.region, from: stamp(asked.from), to: stamp(asked.to) });
    try {
      const got = await fetch("/uptime/ledger.json", { cache: "no-cache" });
      if (!got.ok) throw new TypeError(got.statusText);
      const ledger = await got.json();
      const as = got.headers.get("Candor-As-Of") || (await (await fetch("/heartbeat.json", { cache: "no-cache" })).json()).time;
      answer = [affected(ledger, asked, micros(new Date(as).toISOString()), Date.now() * 1000), asked, micros(new Date(as).toISOString())];
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      answer = null;
    }
    tell();
    one("#verdict").scrollIntoView({ block: "nearest" });
  };

  const tell = () => {
    box.hidden = false;
    const table = one(".scroll", box), notes = one("#notes"), verdict = one("#verdict");
    notes.replaceChildren();
    table.hidden = !answer || !answer[0].overlaps.length;
    one("#fresh").textContent = "";
    verdict.className = "verdict " + (answer ? answer[0].verdict : "unknown");
    if (!answer) return verdict.textContent = words.failed;
    const [found, asked, asOf] = answer, first = found.segments[0], last = found.segments.at(-1);
    const told = {
      what: found.names.join(", ") || words.everything, length: length(found.verdict == "maintenance" ? found.planned : found.seconds),
      from: at(first && /yes|maint/.test(found.verdict) ? first[0] : asked.from), to: at(last && /yes|maint/.test(found.verdict) ? last[1] : found.until),
    };
    verdict.textContent = fill(words[found.verdict], told);
    if (found.verdict == "yes") {
      verdict.textContent += " " + fill(words.worst, { level: words[found.worst] }) + " " + (found.isGoing ? words.going : found.overlaps.some(row => row.isOpen) ? "" : words.ended);
    }
    const note = text => notes.append(make("li", text));
    if (found.verdict == "yes" && found.planned) note(fill(words.besides, { length: length(found.planned) }));
    found.gaps.forEach(gap => note(fill(gap.day ? words.before : words.never, { what: gap.name, day: gap.day && at(gap.day) })));
    if (found.absent.length && found.verdict != "absent") note(fill(words.absent, { what: found.absent.join(", ") }));
    if (found.isAhead) note(fill(words.after, { at: at(asOf) }));
    one("#fresh").textContent = fill(words.fresh, { at: at(asOf) });
    one("tbody", box).replaceChildren(...found.overlaps.map(rowOf));
  };

  const rowOf = ({ row, start, end, isOpen }) => {
    const line = make("tr"), cell = (...inside) => {
      const el = make("td");
      el.append(...inside);
      return el;
    };
    const head = make("th"), name = make("bdi", row.component.name), ends = row.ended_at ? time(micros(row.ended_at)) : words.open;
    head.scope = "row";
    head.append(name);
    const link = row.incident && make("a", row.incident.title, { href: new URL(row.incident.url).pathname });
    line.append(head, cell(words[row.level] + (row.is_quality ? " (" + words.quality + ")" : "")), cell(time(micros(row.started_at))), cell(ends),
      cell(length((end - start) / 1e6)), cell(link || words.none));
    line.children[3].className = "to";
    return line;
  };

  const presets = {
    hour: now => [now - 36e5, null],
    today: now => [instant(localText(now, zone()).slice(0, 10), zone()), null],
    yesterday: now => {
      const today = localText(now, zone()).slice(0, 10), before = new Date(Date.parse(today + "T00:00:00Z") - 864e5).toISOString().slice(0, 10);
      return [instant(before, zone()), instant(today, zone())];
    },
  };
  const show = (start, end) => {
    from.value = start === null ? "" : localText(start, zone());
    to.value = end === null ? "" : localText(end, zone());
    written = zone();
  };
  form.addEventListener("click", ({ target: { dataset } }) => {
    if (dataset.preset == "since") {
      to.value = "";
      from.focus();
    } else if (dataset.preset) {
      show(...presets[dataset.preset](Date.now()));
      ask();
    }
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    ask();
  });
  form.addEventListener("input", () => to.setCustomValidity(""));

  // Times that stand in the form stay the same instants in another zone.
  page.zoned = () => {
    const line = one("#in-zone"), again = el => el.value ? instant(el.value, written) : null;
    line.textContent = line.dataset.text.replace("%s", zone());
    if (written != zone()) show(again(from), again(to));
    if (answer) tell();
  };

  page.open = async () => {
    words = (await read()).words;
    const given = stated(), slugs = (given.get("only") || "").split(",");
    all("#choice input").forEach(el => el.checked = slugs.includes(el.value));
    if (region) region.value = given.get("region") || "";
    const start = Date.parse(given.get("from") || ""), end = Date.parse(given.get("to") || "");
    show(start || Date.now() - 36e5, end || null);
    one("#bare").hidden = true;
    form.hidden = false;
    page.zoned();
    if (start) await ask();
  };
})();
