// Before the page is painted: the theme that was chosen in this browser, and the switch for it. "" is the system's.
"use strict";
(() => {
  const root = document.documentElement, THEMES = ["", "light", "dark"];
  const kept = () => { try { return localStorage.getItem("console-theme") || ""; } catch { return ""; } };
  const paint = (theme) => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };
  root.dataset.script = "1"; // what needs a script is shown
  paint(kept());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    let theme = kept();
    const say = () => { button.textContent = button.dataset.words.split("|")[THEMES.indexOf(theme)] ?? ""; };
    button.hidden = false;
    say();
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      try { localStorage.setItem("console-theme", theme); } catch { /* private mode: until the page is left */ }
      paint(theme);
      say();
    });
  });
})();
