// Drafts: what was typed and not posted, kept in the browser with each letter. Where the form names an address for it
// (data-save) the server keeps it too, a second after the last letter, for another device of the same person.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode: no drafts */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
  };
  const PAUSE = 1000;

  // By address. The key goes with the text, so that a post whose answer got lost is not made twice.
  const draftKey = "draft:" + location.pathname;
  const NEVER = ["csrfmiddlewaretoken", "seen_version", "seen_sequence", "step", "template", "show", "draft_path", "draft_version"];
  const theForm = () => $("form[data-draft]");
  const fields = (form) => $$("input, select, textarea", form).filter((f) => f.name && !NEVER.includes(f.name));
  const asKept = (form) => fields(form).map((f) => [f.name, f.value, /checkbox|radio/.test(f.type) ? f.checked : null]);
  const words = (kept) => JSON.stringify(kept.filter(([name]) => name !== "key"));
  const say = (kind, more = "") => { const at = $("#saved"); if (at) at.textContent = at.dataset[kind] + more; };

  let pristine = ""; // what the server has, or the form as it came
  let version = 0, timer = 0, isSaving = false, other = null;

  function fill(form, kept) {
    for (const [name, value, checked] of kept) {
      for (const field of fields(form).filter((f) => f.name === name)) {
        if (checked === null) field.value = value;
        else if (field.value === value) field.checked = checked;
      }
    }
  }

  // A draft of the server, name to values, as asKept gives it; of two fields of one name each takes its turn.
  const asKeptOf = (form, values) => fields(form).map((f) => {
    const mine = values[f.name] || [];
    return /checkbox|radio/.test(f.type) ? [f.name, f.value, mine.includes(f.value)] : [f.name, f.name === "key" ? f.value : mine[0] || "", null];
  });

  function offer(kept, at) {
    other = kept;
    const box = $("#draft-other");
    if (!box) return;
    $("#draft-other-words").textContent = box.dataset.words.replace("%", at);
    box.hidden = false;
  }

  const clock = (ms) => new Date(ms).toISOString().slice(11, 16);

  function restore(form) {
    pristine = words(asKept(form));
    version = +form.dataset.version || 0;
    if ($("#errors")) return keep(form); // the server gave back what was typed
    let local = store.get(draftKey);
    if (Array.isArray(local)) local = { fields: local, base: 0, isDirty: true, at: 0 };
    if (!local || words(local.fields) === pristine) return;
    const theirs = asKept(form), savedAt = Date.parse(form.dataset.saved) || 0;
    const isNewer = !form.dataset.save || (local.isDirty && (local.base === version || local.at >= savedAt));
    if (!isNewer) return local.isDirty || !version ? offer(local.fields, clock(local.at)) : store.drop(draftKey);
    fill(form, local.fields);
    if (version && local.base !== version) offer(theirs, clock(savedAt));
    const note = $("#draft-note");
    if (note) note.hidden = false;
    const said = $("#draft-words");
    if (said) said.textContent = said.dataset.words;
    later();
  }

  function keep(form) {
    const now = asKept(form);
    if (words(now) === pristine && !$("#errors")) return store.drop(draftKey);
    store.set(draftKey, { fields: now, base: version, isDirty: true, at: Date.now() });
    later();
  }

  function later() {
    clearTimeout(timer);
    if (theForm()?.dataset.save) timer = setTimeout(save, PAUSE);
  }

  async function save() {
    const form = theForm();
    if (!form || form.dataset.posted) return;
    if (isSaving) return later();
    isSaving = true;
    const sent = asKept(form), body = new URLSearchParams(new FormData(form));
    body.set("draft_version", version);
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body, headers: { "Candor-Script": "1" }, keepalive: body.toString().length < 60000 });
      if ([401, 403].includes(answer.status)) document.dispatchEvent(new Event("candor:refused"));
      if (!answer.ok) throw new Error(answer.status);
      const kept = await answer.json();
      if (kept.is_posted) return say("gone");
      version = kept.version;
      pristine = words(sent);
      if (words(asKept(form)) === pristine) store.set(draftKey, { fields: sent, base: version, isDirty: false, at: Date.now() });
      if (kept.other) offer(asKeptOf(form, kept.other.fields), kept.other.at);
      say("saved", " " + kept.at + " UTC");
    } catch {
      say("local");
    } finally {
      isSaving = false;
    }
  }

  function begin() {
    const form = theForm();
    if (form) restore(form);
  }

  for (const done of $$("[data-forget]")) {
    for (const [, path] of done.dataset.forget.matchAll(/posted:(\S+)/g)) store.drop("draft:" + path);
  }
  begin();

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) keep(form);
  });
  document.addEventListener("click", (event) => {
    const form = theForm();
    if (event.target.closest("[data-discard]")) {
      clearTimeout(timer);
      store.drop(draftKey);
      // A form whose draft the server keeps says so to the server by the button itself.
      if (!form?.dataset.save) location.reload();
    }
    if (event.target.closest("[data-swap]") && form && other) {
      const mine = asKept(form);
      fill(form, other);
      offer(mine, clock(Date.now()));
      form.dispatchEvent(new Event("input", { bubbles: true }));
      keep(form);
    }
  });
  // htmx would swap the answer of an error away; a fragment that failed is simply left as it was.
  document.addEventListener("htmx:afterSwap", () => { const form = theForm(); if (form) keep(form); });
  // The composer's script put another page in the place of this one, or got the form posted.
  document.addEventListener("candor:swapped", () => { const form = theForm(); if (form) { version = +form.dataset.version || version; keep(form); } });
  document.addEventListener("candor:posted", () => {
    clearTimeout(timer);
    const form = theForm();
    if (form) form.dataset.posted = "1";
    store.drop(draftKey);
  });
  // The same form in another tab: what is typed here stays here; the server hands the other text over.
  addEventListener("storage", (event) => {
    if (event.key === draftKey) say(event.newValue === null ? "gone" : "twice");
  });
  addEventListener("online", later);
  document.addEventListener("visibilitychange", () => {
    const form = theForm();
    if (document.visibilityState === "hidden" && form?.dataset.save && words(asKept(form)) !== pristine) save();
  });
})();
