// The console works without this. It adds keys, keeps drafts, asks once before what cannot be taken back.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode: no drafts */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
  };

  // Drafts: what was typed, by address. The key goes with it, so that a post whose answer got lost is not made twice.
  const draftKey = "draft:" + location.pathname;
  const NEVER = ["csrfmiddlewaretoken", "seen_version", "seen_sequence", "step", "template"];
  const fields = (form) => $$("input, select, textarea", form).filter((f) => f.name && !NEVER.includes(f.name));
  const asKept = (form) => fields(form).map((f) => [f.name, f.value, /checkbox|radio/.test(f.type) ? f.checked : null]);
  let pristine = "";

  function restore(form) {
    pristine = JSON.stringify(asKept(form).filter(([name]) => name !== "key"));
    if ($("#errors")) return keep(form); // the server gave back what was typed
    const draft = store.get(draftKey);
    if (!draft) return;
    for (const [name, value, checked] of draft) {
      for (const field of fields(form).filter((f) => f.name === name)) {
        if (checked === null) field.value = value;
        else if (field.value === value) field.checked = checked;
      }
    }
    const note = $("#draft-note");
    if (note) note.hidden = false;
  }

  function keep(form) {
    const now = asKept(form);
    if (JSON.stringify(now.filter(([name]) => name !== "key")) === pristine && !$("#errors")) store.drop(draftKey);
    else store.set(draftKey, now);
  }

  for (const done of $$("[data-forget]")) {
    for (const [, path] of done.dataset.forget.matchAll(/posted:(\S+)/g)) store.drop("draft:" + path);
  }
  const writing = $("form[data-draft]");
  if (writing) restore(writing);
  $("[data-focus]")?.focus();

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) keep(form);
  });
  document.addEventListener("click", (event) => {
    const asks = event.target.closest("[data-confirm]");
    if (asks && !confirm(asks.dataset.confirm)) event.preventDefault();
    if (event.target.closest("[data-discard]")) {
      store.drop(draftKey);
      location.reload();
    }
  });
  // One click, one post. The server would answer a second one with the first's result; this spares the wait.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.matches("[data-post]")) return;
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => $$("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled")));
  // htmx would swap the answer of an error away; a fragment that failed is simply left as it was.
  document.addEventListener("htmx:afterSwap", () => { const form = $("form[data-draft]"); if (form) keep(form); });

  // Keys. None of them works while somebody types, nor with Ctrl, Alt or Cmd.
  let before = "";
  const GO = { o: 'a[href$="/console/"]', i: 'a[href$="/console/incidents"]', c: 'a[href$="/console/components"]' };

  function move(step) {
    const rows = $$("[data-row]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.classList.contains("at"));
    const to = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    rows.forEach((row) => row.classList.toggle("at", row === to));
    $("a", to)?.focus();
    to.scrollIntoView({ block: "nearest" });
  }

  const ACTS = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => $("[data-search]")?.focus(),
    "?": () => $("#keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (event.key === "Enter" && form) {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        return $("[data-post]", form)?.click();
      }
      // Enter in a line must not publish; only the button and Ctrl+Enter do.
      if (event.target.matches("input:not([type=submit])")) event.preventDefault();
    }
    const typing = event.target.matches?.("input, textarea, select, [contenteditable]") || $("dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    const act = before === "g" && GO[key] ? () => $(GO[key])?.click() : ACTS[key] ?? ($(`[data-key="${CSS.escape(key)}"]`) && (() => $(`[data-key="${CSS.escape(key)}"]`).click()));
    before = key;
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
