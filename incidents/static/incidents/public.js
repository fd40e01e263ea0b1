// The public pages are whole without this. It keeps an open page current and tells its age. At most 2 KB compressed:
// all that a reader asks for besides is in reader.js, which is fetched when it is. All words come from the page.
(() => {
  const doc = document, root = doc.documentElement, one = s => doc.querySelector(s), all = s => [...doc.querySelectorAll(s)];
  const kept = key => {
    // A browser may forbid storage.
    try { return localStorage[key] } catch {}
  };
  const look = kept("theme"), zone = kept("zone");
  if (look) root.dataset.theme = look;
  root.classList.add("js");

  // As the server writes lengths: each count in the unit of the page's language.
  const span = seconds => {
    const minutes = seconds / 60 | 0, hours = minutes / 60 | 0, kinds = one("#age").dataset.units.split("|");
    const put = (unit, count) => kinds[unit].replace("%s", count | 0);
    return minutes < 1 ? put(0, seconds) : hours > 47 ? put(3, hours / 24) + " " + put(2, hours % 24)
      : hours ? put(2, hours) + " " + put(1, minutes % 60) : put(1, minutes);
  };

  // reader.js puts `page.use` there, and is asked with it: for what, by which element, on which event.
  const page = window.page = { length: span };
  let loading;
  const use = (...asked) => (loading ??= new Promise((done, failed) => {
    const script = doc.createElement("script");
    script.src = "%READER%";
    script.integrity = "%INTEGRITY%";
    script.onload = done;
    script.onerror = failed;
    doc.head.append(script);
  })).then(() => page.use(...asked), () => root.classList.remove("js"));
  if (zone && zone != "UTC") use("zone");
  ["click", "change"].forEach(type => doc.addEventListener(type, ({ target }) => {
    target.dataset.do && use(target.dataset.do, target, type);
  }));

  doc.addEventListener("DOMContentLoaded", () => {
    const main = one("main"), live = "live" in main.dataset;
    let shown = main.cloneNode(true), heading = doc.title, seen = Date.now(), base = 0, wait = 30, fresh, checked, asOf, etag, timer;

    // The age is counted from when a newer heartbeat was first seen, so a wrong clock here does no harm.
    const tick = () => {
      if (doc.hidden) return;
      const instant = Date.now(), old = (base + instant - seen) / 1e3 > 120, note = one("#stale"), age = one("#age"), at = one("#stale time");
      all("[data-due]").forEach(el => {
        const left = (Date.parse(el.dataset.due) - instant) / 1e3;
        el.classList.toggle("overdue", left < 0);
        el.lastElementChild.textContent = (left < 0 ? el.dataset.over : el.dataset.in).replace("%s", span(Math.abs(left)));
      });
      if (!live) return;
      if (checked) age.textContent = age.dataset.text.replace("%s", span((instant - checked) / 1e3));
      root.classList.toggle("stale", old);
      if (old && note.hidden) {
        at.dateTime = new Date(seen - base).toJSON();
        at.textContent = at.dateTime.slice(11, 16) + " UTC";
        page.use?.("renewed");
      }
      note.hidden = !old;
    };

    // Only what is not as it was is touched: the reader's place, focus, selection and opened details stay by themselves.
    // What has a link or a day for its heading is known by that.
    const key = el => el.nodeName + (el.id || (el = el.querySelector(":scope:not(ul)>*>a,:scope>h3>time")) && (el.href || el.dateTime));
    const patch = (el, was, next) => {
      const here = [...el.children].filter(el => !el.matches(".mine")), old = [...was.children];
      let at = 0;
      const put = (node, where) => {
        fresh.push(node = node.cloneNode(true));
        el.insertBefore(node, where || null);
      };
      [...next.children].forEach(node => {
        const found = old.findIndex((el, index) => index >= at && key(el) == key(node));
        if (found < 0) return put(node, here[at]);
        while (at < found) here[at++].remove();
        const mine = here[at];
        if (old[at++].isEqualNode(node)) return;
        if (node.firstElementChild && ![...node.childNodes].some(el => el.data?.trim())) {
          [...node.attributes].forEach(({ name, value }) => name == "open" || mine.setAttribute(name, value));
          patch(mine, old[at - 1], node);
        } else {
          put(node, mine);
          mine.remove();
        }
      });
      here.slice(at).forEach(el => el.remove());
    };
    const renew = (next, to) => {
      const focused = doc.activeElement, edge = el => el.getBoundingClientRect().top;
      const places = all("main *").map(el => [el, edge(el)]).filter(([, at]) => scrollY && at > 0);
      fresh = [];
      patch(main, shown, shown = to);
      ["#changed", "[rel=icon]"].forEach(s => one(s).replaceWith(next.querySelector(s)));
      page.use?.("renewed");
      if (!focused.isConnected) {
        (all("main a,summary,button").find(el => el.isEqualNode(focused)) || main).focus({ preventScroll: 1 });
      }
      const [place, at] = places.find(([el]) => el.isConnected) || [];
      if (place) scrollBy(0, edge(place) - at);
      const said = fresh.filter(el => el.innerText && el.closest("h1,.banner p,.card,.update")).map(el => el.innerText).join("\n");
      if (said) one("#live").textContent = said;
      heading = next.title;
      doc.title = said && doc.hidden ? said.split("\n")[0] + " · " + heading : heading;
    };

    const poll = async () => {
      clearTimeout(timer);
      if (!doc.hidden) doc.title = heading;
      try {
        const ask = { cache: "no-cache" }, answer = await fetch(location.pathname, ask), told = answer.headers;
        if (!answer.ok) throw answer;
        const stamp = told.get("Candor-As-Of") || (await (await fetch("/heartbeat.json", ask)).json()).time;
        if (stamp != asOf) {
          base = Math.max(told.get("Candor-Stale") * 1e3, Date.parse(told.get("Date")) - Date.parse(asOf = stamp)) || 0;
          seen = Date.now();
        }
        if (!etag || etag != told.get("ETag")) {
          etag = told.get("ETag");
          const next = new DOMParser().parseFromString(await answer.text(), "text/html"), to = next.querySelector("main");
          if (!shown.isEqualNode(to)) renew(next, to);
        }
        checked = Date.now();
        wait = 30;
      } catch {
        wait = Math.min(wait * 2, 300);
      }
      tick();
      clearTimeout(timer);
      timer = setTimeout(poll, (doc.hidden ? 4 : 1) * wait * (800 + Math.random() * 400));
    };

    tick();
    setInterval(tick, 1e4);
    if (location.hash.includes("=") || "tools" in main.dataset) use("open");
    if (live) {
      timer = setTimeout(poll, 1e3 + Math.random() * 2e3);
      doc.addEventListener("visibilitychange", poll);
      addEventListener("pageshow", ({ persisted }) => persisted && poll());
    }
  });
})();
