// Drafts: what was typed and not posted, kept in the browser. The console works without this.
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

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) keep(form);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-discard]")) return;
    store.drop(draftKey);
    location.reload();
  });
  // htmx would swap the answer of an error away; a fragment that failed is simply left as it was.
  document.addEventListener("htmx:afterSwap", () => { const form = $("form[data-draft]"); if (form) keep(form); });
})();
