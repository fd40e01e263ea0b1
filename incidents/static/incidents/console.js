// The console works without this. It adds keys, asks once before what cannot be taken back.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  $("[data-focus]")?.focus();

  // What cannot be taken back is asked about once, in words of its own; without this script it is done at once.
  const sure = $("#sure");
  let asks = null;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-confirm]");
    if (!button || button === asks || !sure) return;
    event.preventDefault();
    $("p", sure).textContent = button.dataset.confirm;
    const yes = $("[value=yes]", sure);
    yes.textContent = [...button.childNodes].filter((each) => each.nodeType === Node.TEXT_NODE).map((each) => each.textContent.trim()).join(" ") || button.textContent;
    sure.returnValue = "";
    sure.showModal();
    sure.onclose = () => {
      if (sure.returnValue !== "yes") return button.focus();
      asks = button;
      button.click();
      asks = null;
    };
  });
  // One click, one post. The server would answer a second one with the first's result; this spares the wait.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.matches("[data-post]")) return;
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => $$("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled")));

  // Keys, as the list of them says; none works while somebody types, nor with Ctrl, Alt or Cmd.
  const KEYS = Object.fromEntries($$("#keys [data-keys]").map((row) => [row.dataset.keys, row.dataset]));
  const hasSingle = document.body.dataset.singleKeys !== "0";
  let before = "", forgetting = 0;

  function move(step) {
    const rows = $$("[data-row]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.classList.contains("at"));
    const to = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    rows.forEach((row) => row.classList.toggle("at", row === to));
    $("a, summary, button", to)?.focus();
    to.scrollIntoView({ block: "nearest" });
  }

  const ACTS = {
    down: () => move(1),
    up: () => move(-1),
    search: () => $("[data-search]")?.focus(),
    keys: () => $("#keys")?.showModal(),
  };

  function actOf(key) {
    const row = KEYS[`${before} ${key}`] || KEYS[key];
    if (!row) return null;
    if (row.go) return () => location.assign(row.go);
    if (row.press) { const link = $(`[data-key="${row.press}"]`); return link && (() => link.click()); }
    return ACTS[row.act];
  }

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
    if (!hasSingle || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actOf(event.key);
    before = event.key;
    clearTimeout(forgetting);
    forgetting = setTimeout(() => { before = ""; }, 1500);
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-keys]")) $("#keys")?.showModal();
    // A menu closes when one goes on elsewhere.
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || $("dialog[open]")) return;
    for (const menu of $$("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
  });
})();
