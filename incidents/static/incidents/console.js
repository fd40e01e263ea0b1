// The console works without this. It adds keys, asks once before what cannot be taken back.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  $("[data-focus]")?.focus();

  document.addEventListener("click", (event) => {
    const asks = event.target.closest("[data-confirm]");
    if (asks && !confirm(asks.dataset.confirm)) event.preventDefault();
  });
  // One click, one post. The server would answer a second one with the first's result; this spares the wait.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.matches("[data-post]")) return;
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => $$("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled")));

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
