// What a reader may ask for besides the page: another time zone, only some components, links and texts to pass on, and
// whether they were affected. Fetched by public.js when it is asked for, never before. All words come from /affected.
(() => {
  const doc = document, root = doc.documentElement, page = window.page;
  const one = (s, from = doc) => from.querySelector(s), all = (s, from = doc) => [...from.querySelectorAll(s)];
  const lang = root.lang == "en" ? "en-GB" : root.lang;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("%STYLE%");
  doc.adoptedStyleSheets = [...doc.adoptedStyleSheets, sheet];
  const kept = (key, value) => {
    // A browser may forbid storage: the choice then lasts as long as the page.
    try { return value ? localStorage[key] = value : localStorage[key] } catch { return value }
  };
  const make = (tag, text, more) => Object.assign(doc.createElement(tag), { textContent: text || "" }, more);

  // --- time zones ---------------------------------------------------------------------------------------------------

  // To make a formatter takes longer than all else here, so each is made once.
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone, formats = {};
  const day = { day: "numeric", month: "short", year: "numeric" }, clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const exact = { ...clock, second: "2-digit" };
  const say = (at, zone, form) =>
    (formats[zone + Object.keys(form)] ??= new Intl.DateTimeFormat(lang, { timeZone: zone, ...form })).format(at);
  let chosen = kept("zone") || "UTC";
  const zone = () => chosen == "here" ? own : chosen;
  // An hour that comes twice, when clocks are put back, needs more than its name.
  const timeOf = (at, form) => {
    const text = say(at, zone(), form), isTwice = [-36e5, 36e5].some(by => say(+at + by, zone(), form) == text);
    return isTwice ? say(at, zone(), { ...form, timeZoneName: "short" }) : text;
  };
  const shown = (at, form = clock) => say(at, zone(), day) + ", " + timeOf(at, form) + (zone() == "UTC" ? " UTC" : "");

  const turn = () => {
    all("select[data-do=zone]").forEach(el => {
      el.value = chosen;
      if (el.value != chosen) el.value = chosen = "UTC";
    });
    const isUTC = zone() == "UTC", note = one("#zone"), today = say(new Date(), zone(), day);
    one("b", note).textContent = zone();
    note.hidden = isUTC;
    let before, last;
    all("time[datetime*=T]").forEach(el => {
      const utc = el.dataset.utc ??= el.textContent, at = new Date(el.dateTime), date = say(at, zone(), day);
      // With its day where the page has it, where it is not that of the time beside it, or, alone, not today.
      const isDated = /\d{4}/.test(utc) || (before == el.parentNode ? last : today) != date;
      const text = timeOf(at, /:.*:/.test(utc) ? exact : clock);
      before = el.parentNode;
      last = date;
      el.textContent = isUTC ? utc : isDated ? date + ", " + text : text;
      el.title = isUTC ? say(at, own, { ...day, ...clock }) + " " + own : say(at, "UTC", { ...day, ...clock }) + " UTC";
    });
  };

  // How far a zone is ahead of UTC at an instant, in milliseconds.
  const ahead = (at, zone) => {
    const parts = (formats["ahead" + zone] ??= new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric",
      month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" })).formatToParts(at);
    const of = Object.fromEntries(parts.map(({ type, value }) => [type, +value]));
    return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second) - Math.floor(at / 1000) * 1000;
  };
  // The instant of a local time such as 2026-03-29T02:30. What comes twice is the first; what never comes is counted on
  // from before the clocks were changed: as Python's zoneinfo has it without a fold.
  const instant = (text, zone) => {
    const local = Date.parse((text.includes("T") ? text : text + "T00:00:00") + "Z"), before = ahead(local - 864e5, zone);
    const after = ahead(local + 864e5, zone), first = local - before, second = local - after;
    return ahead(first, zone) == before || ahead(second, zone) != after ? first : second;
  };
  const localText = (at, zone) => new Date(at + ahead(at, zone)).toISOString().slice(0, 19);

  // --- words, and the list of components -----------------------------------------------------------------------------

  let book, coming;
  const bookOf = from => {
    const words = Object.fromEntries(all("[data-word]", one("#words", from).content).map(el => [el.dataset.word, el.textContent]));
    const choice = one("#choice", from), groups = {};
    all("input", choice).forEach(({ value, dataset }) => (groups[dataset.group || value] ??= []).push(value));
    const names = Object.fromEntries(all("input", choice).map(el => [el.value, el.parentNode.textContent.trim()]));
    return book = { words, choice: choice.cloneNode(true), groups, names };
  };
  const read = () => coming ??= one("#words") ? Promise.resolve(bookOf(doc)) : fetch("/affected").then(async answer => {
    if (!answer.ok) throw answer;
    // Its style sheet is another page's; this one's policy would complain of it.
    return bookOf(new DOMParser().parseFromString((await answer.text()).replace(/<style.*?<\/style>/s, ""), "text/html"));
  }).catch(error => {
    coming = null;
    throw error;
  });
  const plural = new Intl.PluralRules(lang);
  const counted = (name, count) => {
    const like = [0, 1, 2, 3, 6, 11, 100].find(each => plural.select(each) == plural.select(count));
    return book.words[name + "-" + like].replace("%(count)s", count);
  };
  const announce = text => one("#live").textContent = text;

  // --- only some components ------------------------------------------------------------------------------------------

  let only = [];
  const stated = () => new URLSearchParams(location.hash.slice(1));
  const write = pairs => {
    const text = Object.entries(pairs).filter(([, value]) => value).map(([key, value]) => key + "=" + value).join("&");
    history.replaceState(history.state, "", text ? "#" + text : location.pathname);
  };
  const carry = () => all('a[href^="/"]').forEach(el => {
    if (!/^\/($|(history|incidents|components|uptime|subscribe|affected)(\/[\w\/-]*)?$)/.test(el.pathname)) return;
    if (el.hash && !el.dataset.carried) return;
    el.dataset.carried = 1;
    el.setAttribute("href", el.pathname + (only.length ? "#only=" + only.join(",") : ""));
  });
  const slugOf = el => one('a[href^="/components/"]', el).pathname.slice(12);
  const isHidden = el => el.hidden;

  const apply = () => {
    const asked = (stated().get("only") || "").split(",").filter(Boolean);
    if (!book && asked.length) return read().then(apply);
    only = asked.filter(slug => book.groups[slug] || book.names[slug]);
    const mine = new Set(only.flatMap(slug => [slug, ...book.groups[slug] || []])), isOn = only.length > 0;
    carry();
    all("main [data-on]").forEach(el => el.hidden = isOn && !el.dataset.on.split(" ").some(slug => mine.has(slug)));
    all("main .component[data-component-id], .matrix tbody tr").forEach(el => el.hidden = isOn && !mine.has(slugOf(el)));
    all("main .group").forEach(el => {
      el.hidden = isOn && !mine.has(el.id.slice(2)) && all(".component", el).every(isHidden);
    });
    all(".matrix, .planned").forEach(el => el.hidden = isOn && all("tbody tr, [data-on]", el).every(isHidden));
    all("main > h2.unseen").forEach(el => {
      let next = el.nextElementSibling, cards = [];
      while (next?.matches(".card, .mine")) cards.push(next), next = next.nextElementSibling;
      el.hidden = cards.length > 0 && cards.every(isHidden);
    });
    all(".status-day").forEach(el => {
      const told = all("[data-on]", el), isEmpty = isOn && told.length && told.every(isHidden), said = one(".mine", el);
      if (isEmpty && !said) el.append(make("p", book.words.nothing, { className: "quiet mine" }));
      if (!isEmpty) said?.remove();
    });
    all("#choose [data-slug]").forEach(el => {
      if (only.includes(el.dataset.slug)) one("#choose").open = el.checked = true;
    });
    if (one("main .tools [data-do=only]")) summarise(isOn);
  };

  const summarise = isOn => {
    let box = one(".mine.summary");
    if (!isOn) return box?.remove();
    if (!box) {
      box = make("section", "", { className: "mine summary" });
      const buttons = make("p", "", { className: "tools" });
      [["only", "change"], ["clear", "clear"]].forEach(([act, word]) => {
        const button = make("button", book.words[word], { type: "button" });
        button.dataset.do = act;
        buttons.append(button);
      });
      box.append(make("p"), buttons);
      box.firstChild.setAttribute("role", "status");
      one("main > .banner, main > .title").after(box);
    }
    const text = summary(), said = box.firstChild;
    if (said.textContent != text) said.textContent = text;
  };

  const summary = () => {
    const { words, names } = book, heaviest = ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"];
    const rows = all("main .component[data-component-id]:not([hidden])"), cards = all("main > .card");
    if (!one("main > .banner")) return words.mine + " " + only.map(slug => names[slug]).join(", ") + ". " +
      counted("listed", all("main > .line:not([hidden])").length);
    const at = level => rows.filter(el => el.dataset.componentStatus == level).map(el => one("a", el).textContent);
    const told = heaviest.slice(1).reverse().filter(level => at(level).length).map(level => words[level] + " (" + at(level).join(", ") + ")");
    const open = cards.filter(el => !el.hidden).length, more = cards.length - open;
    return words.mine + " " + (told.length ? told.join(", ") + "." : only.map(slug => names[slug]).join(", ") + ": " + words["operational-all"])
      + (open ? " " + counted("open", open) + "." : "") + (more ? " " + counted("elsewhere", more) + "." : "");
  };

  const pick = async from => {
    await read();
    const former = one(".mine.picker");
    if (former) return former.remove();
    const form = make("form", "", { className: "mine picker panel" }), choice = book.choice.cloneNode(true);
    choice.removeAttribute("id");
    one("legend", choice).textContent = book.words.choose;
    const settle = () => all("input", choice).forEach(el => {
      const group = el.dataset.group && one('[value="' + el.dataset.group + '"]', choice);
      if (group) el.disabled = group.checked;
    });
    all("input", choice).forEach(el => el.checked = only.includes(el.value));
    settle();
    const close = () => {
      form.remove();
      (from.isConnected ? from : one("main [data-do=only]")).focus();
    };
    form.addEventListener("change", () => {
      settle();
      const slugs = all("input:checked:not(:disabled)", choice).map(el => el.value);
      write({ ...Object.fromEntries(stated()), only: slugs.join(",") });
      apply();
      if (!slugs.length) announce(book.words.cleared);
    });
    form.addEventListener("submit", event => {
      event.preventDefault();
      close();
    });
    form.addEventListener("keydown", ({ key }) => key == "Escape" && close());
    form.append(choice, make("button", book.words.done, { className: "button" }));
    from.closest(".mine, .tools").after(form);
    one("input", choice).focus();
  };

  const clear = () => {
    one(".mine.picker")?.remove();
    write({});
    apply();
    announce(book.words.cleared);
    one("main [data-do=only]").focus();
  };

  // --- links and texts to pass on ------------------------------------------------------------------------------------

  const canonical = () => one("link[rel=canonical]").href;
  // A browser writes to the clipboard only in a secure page; in another, what is selected can still be copied.
  const put = async text => {
    if (navigator.clipboard) {
      return navigator.clipboard.write([new ClipboardItem({ "text/plain": text.then(said => new Blob([said], { type: "text/plain" })) })]);
    }
    const area = make("textarea", await text, { readOnly: true, className: "unseen" }), active = doc.activeElement;
    doc.body.append(area);
    area.select();
    const isDone = doc.execCommand("copy");
    area.remove();
    active.focus({ preventScroll: true });
    if (!isDone) throw new DOMException("", "NotAllowedError");
  };
  const confirm = async (el, done, word) => {
    await read();
    const said = await done.then(() => book.words[word], error => {
      if (error.name != "NotAllowedError") throw error;
      return book.words["not-copied"];
    });
    const note = make("span", said, { className: "mine said" });
    one(".said", el.parentNode)?.remove();
    el.after(note);
    announce(said);
    setTimeout(() => note.remove(), 6000);
  };
  const share = async el => {
    const update = el.closest(".update"), url = update ? canonical() + "#" + update.id : location.href;
    if (navigator.share) {
      // Who closes the choice of where to share has changed their mind.
      return navigator.share({ title: doc.title, url }).catch(error => { if (error.name != "AbortError") throw error });
    }
    return confirm(el, put(Promise.resolve(url)), "link-copied");
  };
  const textOf = async update => {
    const link = canonical(), answer = await fetch(new URL(link).pathname + ".txt", { cache: "no-cache" });
    if (!answer.ok) throw answer;
    const text = await answer.text(), title = text.slice(0, text.indexOf("\n" + link + "\n")), listed = all(".update");
    if (!update) return text;
    let at = title.length + link.length + 3;
    // Newest first, each block up to its own address on a line.
    for (const each of location.pathname.endsWith("/oldest-first") ? listed.reverse() : listed) {
      const end = text.indexOf("\n" + link + "#" + each.id + "\n", at) + link.length + each.id.length + 3;
      if (each == update) return title + "\n" + text.slice(at, end);
      at = end + 1;
    }
  };
  const copy = el => confirm(el, put(textOf(el.closest(".update"))), "copied");

  // --- what is asked -------------------------------------------------------------------------------------------------

  page.tools = { doc, one, all, make, say, day, exact, zone, shown, instant, localText, own, read, stated, write, announce, page };
  page.use = (act, el, type) => {
    if (act == "zone" && type == "change") chosen = kept("zone", el.value);
    if (act == "theme" && type == "click") {
      const look = root.dataset.theme, isDark = look ? look == "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = kept("theme", isDark ? "light" : "dark");
    }
    if (act == "zone" || act == "renewed") turn();
    if (act == "zone") page.zoned?.();
    if (act == "renewed" && book) apply();
    const done = type == "click" && { only: pick, clear, share, copy }[act];
    if (done) return done(el);
    if (act == "open") {
      turn();
      return page.open ? page.open() : apply();
    }
  };
  addEventListener("hashchange", () => location.hash.includes("=") || only.length ? page.use("open") : 0);
})();
