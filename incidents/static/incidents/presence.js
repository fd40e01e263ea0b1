// Who else is at this incident, and what they posted meanwhile. Asks every two seconds, and not while nobody looks.
"use strict";
(() => {
  const box = document.querySelector("[data-presence]");
  if (!box) return;
  const EVERY = +box.dataset.every;
  let state = "", isTyping = false, timer = 0, isAsking = false;

  function token() { return document.querySelector("[name=csrfmiddlewaretoken]").value; }

  async function ask() {
    clearTimeout(timer);
    if (document.hidden || isAsking) return;
    isAsking = true;
    const body = new URLSearchParams({ csrfmiddlewaretoken: token(), seen: box.dataset.seen, typing: isTyping ? "1" : "", state });
    isTyping = false;
    try {
      const answer = await fetch(box.dataset.presence, {
        method: "POST", body, headers: { "Candor-Script": "1", "Candor-Poll": "1" }, signal: AbortSignal.timeout(10000),
      });
      if (answer.status === 401) return; // signed out: there is nobody to be present
      if (answer.status === 200) {
        if (show(await answer.text())) state = answer.headers.get("Candor-State"); // else it is told again
      }
    } catch { /* no connection: the composer says so where it matters */ }
    isAsking = false;
    timer = setTimeout(ask, EVERY);
  }

  // Put above what one reads without moving it: the page is scrolled by as much as came in.
  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    if (box.contains(document.activeElement)) return false;
    const mark = document.activeElement?.closest("form, article") || document.querySelector("#timeline-title");
    const before = mark?.getBoundingClientRect().top;
    box.replaceChildren(...fresh.childNodes);
    if (mark && scrollY > 0) scrollBy(0, mark.getBoundingClientRect().top - before);
    return true;
  }

  document.addEventListener("input", (event) => { if (event.target.closest("form[data-draft]")) isTyping = true; });
  document.addEventListener("visibilitychange", ask);
  addEventListener("pageshow", ask);
})();
