// The notice in a corner of somebody else's page. It stands outside the window until its frame says that something is
// wrong; what a reader dismissed stays away in that tab until there is something new. No cookie, nothing is sent.
(function () {
  "use strict";
  if (window.statusEmbedTest) return; // included twice
  var base = "%URL%";
  var origin = new URL(base).origin;
  var key = "candor-embed-dismissed";
  var frame = document.createElement("iframe");
  var narrow = window.screen.width < 450;
  var still = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  var current = null;

  function remembered() {
    try { return window.sessionStorage.getItem(key); } catch (_) { return null; } // a sandbox has none
  }
  function remember(id) {
    try { window.sessionStorage.setItem(key, id); } catch (_) { /* until the next page, then */ }
  }
  function show() {
    frame.style.visibility = "visible";
    frame.style.left = narrow ? "8px" : "60px";
    frame.removeAttribute("aria-hidden");
    frame.tabIndex = 0;
  }
  function hide() {
    frame.style.left = "-9999px";
    frame.style.visibility = "hidden";
    frame.setAttribute("aria-hidden", "true");
    frame.tabIndex = -1;
  }

  frame.src = base + "/embed/frame" + (narrow ? "?mobile=true" : "");
  frame.title = "%TITLE%";
  var look = {
    position: "fixed", bottom: narrow ? "8px" : "60px", width: narrow ? "calc(100vw - 16px)" : "320px", height: "115px",
    maxWidth: "calc(100vw - 16px)", border: "0", borderRadius: "8px", boxShadow: "0 4px 24px rgba(0, 0, 0, .25)",
    zIndex: "9999", colorScheme: "normal", transition: still ? "none" : "left .6s ease"
  };
  for (var name in look) frame.style[name] = look[name];
  hide();

  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
    if (event.data.action === "showFrame") {
      current = String(event.data.id);
      if (current !== remembered()) show(); else hide();
    } else if (event.data.action === "dismissFrame") {
      if (event.data.isByReader && current !== null) remember(current);
      hide();
    }
  });
  window.statusEmbedTest = show;

  function add() { document.body.appendChild(frame); }
  if (document.body) add(); else document.addEventListener("DOMContentLoaded", add);
})();
