// The composer works without this. With it, posting never leaves the page before the server has answered: offline, a
// dead server or one that fails take no letter away, and the key of the form lets a repeat be the same post.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const AGAIN = 5000, PATIENCE = 20000;
  const theForm = () => $("#composer");
  let isPosting = false, isWaiting = false, timer = 0, previews = 0;
  let step = "post"; // what the button that was pressed last asks for: to post, or to offer to somebody who posts

  // While it is posted no preview begins, and one that runs is let finish for half a second before the page goes.
  document.addEventListener("htmx:beforeRequest", (event) => { if (isPosting) event.preventDefault(); });
  document.addEventListener("htmx:beforeSend", () => { previews++; });
  document.addEventListener("htmx:afterRequest", () => { previews = Math.max(0, previews - 1); });
  const settled = async () => { for (let i = 0; i < 20 && previews; i++) await new Promise((go) => setTimeout(go, 25)); };

  function free() {
    isPosting = false;
    $$("[data-post]").forEach((button) => button.removeAttribute("aria-disabled"));
    const saved = $("#saved");
    if (saved) saved.textContent = "";
  }

  // Say why it is not posted. `isPassing`: it may be over by itself, so that it is tried again.
  function unposted(reason, isPassing) {
    free();
    const box = $("#unposted");
    $("#unposted-reason").textContent = box.getAttribute("data-" + reason);
    const signIn = $("#unposted-sign-in");
    signIn.hidden = reason !== "signed-out";
    signIn.href = "/console/sign-in?next=" + encodeURIComponent(location.pathname);
    isWaiting = isPassing;
    $("#unposted-again").hidden = $("[data-hold]", box).hidden = !isPassing;
    box.hidden = false;
    clearTimeout(timer);
    if (isPassing) timer = setTimeout(retry, AGAIN);
  }

  function retry() {
    if (!isWaiting || isPosting) return;
    if (navigator.onLine) post(theForm());
    else timer = setTimeout(retry, AGAIN);
  }

  // Whoever signed in again has another token; the page itself has it. False: still signed out.
  async function renew() {
    const answer = await fetch(location.pathname, { signal: AbortSignal.timeout(PATIENCE) });
    const fresh = $("#composer [name=csrfmiddlewaretoken]", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!fresh) return false;
    $$("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = fresh.value; });
    return true;
  }

  async function post(form, isRenewed = false) {
    if (!form || (isPosting && !isRenewed)) return;
    isPosting = true;
    isWaiting = false;
    clearTimeout(timer);
    $("#saved").textContent = $("#saved").dataset.posting;
    const body = new URLSearchParams(new FormData(form));
    body.set("step", step);
    let answer;
    try {
      answer = await fetch(location.pathname, {
        method: "POST", body, headers: { "Candor-Script": "1" }, signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.status === 403 && !isRenewed) {
        return (await renew()) ? post(form, true) : unposted("signed-out", false);
      }
      if (answer.status === 201) {
        document.dispatchEvent(new Event("candor:posted"));
        await settled();
        return location.assign(answer.headers.get("Location"));
      }
      if (answer.status === 409 || answer.status === 422) {
        const html = await answer.text();
        await settled();
        return show(html);
      }
    } catch {
      return unposted(navigator.onLine ? "silent" : "offline", true);
    }
    if (answer.status === 401) return unposted("signed-out", false);
    // 502 to 504: somebody in front of the server says that it is away.
    if (answer.status > 501) return unposted("silent", true);
    return unposted(answer.status === 500 ? "broken" : "refused", false);
  }

  // The server's page with what it says about the text; everything typed is in it.
  function show(html) {
    const fresh = $("main", new DOMParser().parseFromString(html, "text/html"));
    const here = $("main");
    here.replaceChildren(...fresh.childNodes);
    free();
    window.htmx?.process(here);
    document.dispatchEvent(new Event("candor:swapped"));
    ($("[data-focus]") || $("#newer-title"))?.focus();
    scrollTo({ top: 0 });
  }

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || event.target.id !== "composer" || !button?.matches("[data-post]")) return;
    event.preventDefault();
    step = button.value || "post";
    post(event.target);
  });
  // Saving or the preview was refused: the session ended, or its token is another one.
  async function refused() {
    if (isPosting || !theForm()) return;
    try {
      if (await renew()) theForm().dispatchEvent(new Event("input", { bubbles: true }));
      else unposted("signed-out", false);
    } catch { /* no connection: what is typed is kept here, and the next letter asks again */ }
  }
  document.addEventListener("candor:refused", refused);
  document.addEventListener("htmx:responseError", (event) => {
    if ([401, 403].includes(event.detail.xhr.status)) refused();
  });
  addEventListener("online", retry);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) post(theForm());
    if (event.target.closest("[data-hold]")) {
      isWaiting = false;
      clearTimeout(timer);
      $("#unposted-again").hidden = $("[data-hold]").hidden = true;
    }
  });

  // Keys: Enter goes on from the title to the text, Alt+S takes the stage that is next, and so does a template Enter.
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("#composer");
    if (!form) {
      // From what the server said about the text, too.
      const isPost = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented;
      if (isPost && theForm()) $("[data-post]", theForm())?.click();
      return;
    }
    if (event.altKey && !event.ctrlKey && event.code === "KeyS") {
      const next = $("[data-next] input", form);
      if (!next) return;
      event.preventDefault();
      next.checked = true;
      next.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    if (event.target.name === "title") $("[name=body]", form)?.focus();
    if (event.target.name === "template") $("[value=fill]", form)?.click();
  });

  // A level that was typed behind the components is the one for all of them.
  document.addEventListener("input", (event) => {
    if (event.target.name !== "pick") return;
    const letter = event.target.value.match(/=\s*([odpm])/i)?.[1].toLowerCase();
    const level = letter && $(`[name=picked_level][value^="${letter}"]`);
    if (level) level.checked = true;
  });

  // The seconds in which an update can be taken back.
  const waiting = $("[data-waiting]");
  if (waiting) {
    const end = performance.now() + 1000 * waiting.dataset.waiting;
    const words = $("[data-countdown]", waiting);
    const tick = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left > 0) {
        words.textContent = words.dataset.countdown.replace("%", left);
        return setTimeout(tick, 250);
      }
      const gone = waiting.parentNode.querySelector("[data-gone]");
      gone.hidden = false;
      if (waiting.contains(document.activeElement)) gone.focus();
      waiting.remove();
    };
    tick();
  }
})();
