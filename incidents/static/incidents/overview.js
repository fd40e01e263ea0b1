// Keeps the overview as it is now: asks every four seconds, and puts in what changed without moving what one reads.
"use strict";
(() => {
  const EVERY = 4000;
  const box = document.querySelector("#overview");
  if (!box) return;
  let state = box.dataset.state, timer = 0;

  // Where the focus is, in words that hold in the next answer too.
  const nameOf = (each) => [each.tagName, each.getAttribute("href"), each.form?.getAttribute("action"), each.textContent].join("|");

  function put(fresh) {
    const focused = box.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    const open = [...box.querySelectorAll("details")].map((each) => each.open);
    const mark = [...box.querySelectorAll("article, section")].find((each) => each.getBoundingClientRect().bottom > 0);
    const name = mark?.querySelector("h2, h3")?.textContent, top = mark?.getBoundingClientRect().top;
    box.replaceChildren(...fresh.childNodes);
    box.querySelectorAll("details").forEach((each, place) => { each.open = open[place] ?? each.open; });
    window.htmx?.process(box);
    if (focused) [...box.querySelectorAll("a, button, summary")].find((each) => nameOf(each) === focused)?.focus({ preventScroll: true });
    const same = name && [...box.querySelectorAll("article, section")].find((each) => each.querySelector("h2, h3")?.textContent === name);
    if (same && scrollY > 0) scrollBy(0, same.getBoundingClientRect().top - top);
  }

  async function ask() {
    clearTimeout(timer);
    if (document.hidden) return;
    // Nothing is taken from under a hand that types or a question that is asked.
    const isBusy = document.querySelector("dialog[open]") || box.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    if (!isBusy) {
      try {
        const answer = await fetch(location.pathname, { headers: { "Candor-State": state, "Candor-Script": "1", "Candor-Poll": "1" }, signal: AbortSignal.timeout(10000) });
        if (answer.status === 200) {
          const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#overview");
          if (fresh) { state = answer.headers.get("Candor-State"); put(fresh); }
        }
        if (answer.status === 401) location.reload();
      } catch { /* no connection: what stands here stands until there is one */ }
    }
    timer = setTimeout(ask, EVERY);
  }

  document.addEventListener("visibilitychange", ask);
  timer = setTimeout(ask, EVERY);
})();
