// The desk of a review. It works without this, by post and redirect; with it, what is typed is saved by itself, what
// somebody else saved meanwhile comes in without taking a letter away, and nothing is lost while there is no connection.
"use strict";
(() => {
  const form = document.querySelector("form[data-desk]");
  if (!form) return;
  const $ = (selector) => document.querySelector(selector);
  const body = form.elements.body, note = form.elements.note, seen = form.elements.seen_version;
  const said = $("#saved"), conflict = $("#conflict");
  const draftKey = "desk:" + form.dataset.desk;
  const PAUSE = 1500, AGAIN = 10000;
  let timer = 0, isSaving = false, kept = { body: body.value, note: note.value };
  let isApart = !conflict.hidden; // two texts stand against each other: only a person can go on

  const store = {
    get() { try { return JSON.parse(localStorage.getItem(draftKey)); } catch { return null; } },
    set(value) { try { localStorage.setItem(draftKey, JSON.stringify(value)); } catch { /* private mode */ } },
    drop() { try { localStorage.removeItem(draftKey); } catch { /* as above */ } },
  };
  const typed = () => ({ body: body.value, note: note.value });
  const isDirty = () => body.value !== kept.body || note.value !== kept.note;
  const say = (sentence, state) => { said.textContent = sentence; said.dataset.state = state; };

  // --- texts: where one differs from another, and how a change of one is made in the other ---------------------------
  function span(from, to) {
    let start = 0, end = 0;
    const most = Math.min(from.length, to.length);
    while (start < most && from[start] === to[start]) start++;
    while (end < most - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
    return { start, end: from.length - end, text: to.slice(start, to.length - end) };
  }

  function spans(from, to) {
    const a = from.split(/(?<=\n)/), b = to.split(/(?<=\n)/);
    if (a.length * b.length > 1e6) return from === to ? [] : [span(from, to)];
    const run = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) run[i][j] = a[i] === b[j] ? run[i + 1][j + 1] + 1 : Math.max(run[i + 1][j], run[i][j + 1]);
    }
    const found = [];
    let i = 0, j = 0, at = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { at += a[i].length; i++; j++; continue; }
      let gone = "", come = "";
      while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
        if (j >= b.length || (i < a.length && run[i + 1][j] >= run[i][j + 1])) gone += a[i++]; else come += b[j++];
      }
      const inner = span(gone, come);
      found.push({ start: at + inner.start, end: at + inner.end, text: inner.text });
      at += gone.length;
    }
    return found;
  }

  const moved = (at, changes) => changes.reduce((sum, c) => sum + (c.end <= at ? c.text.length - (c.end - c.start) : 0), at);

  // What was typed since `base` was sent, made in `theirs` as well; null where both touch the same letters.
  function rebase(base, theirs, mine) {
    if (base === mine) return theirs;
    const own = span(base, mine), changes = spans(base, theirs);
    if (changes.some((c) => c.start < own.end && c.end > own.start)) return null;
    const shift = moved(own.start, changes) - own.start;
    return theirs.slice(0, own.start + shift) + own.text + theirs.slice(own.end + shift);
  }

  function put(box, text) {
    const changes = spans(box.value, text);
    const ends = [box.selectionStart, box.selectionEnd].map((at) => moved(at, changes));
    const top = box.scrollTop;
    box.value = text;
    box.setSelectionRange(...ends);
    box.scrollTop = top;
  }

  // --- saving -----------------------------------------------------------------------------------------------------
  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(save, pause);
  }

  function keep() {
    if (isDirty()) store.set({ ...typed(), seen: seen.value });
    else store.drop();
  }

  async function save() {
    clearTimeout(timer);
    if (isSaving || isApart || !isDirty()) return;
    isSaving = true;
    const sent = typed(), data = new FormData(form);
    say(form.dataset.saving, "saving");
    let answer = null;
    try {
      const response = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (response.redirected || !/json/.test(response.headers.get("Content-Type") || "")) {
        say(response.redirected || response.status === 403 ? form.dataset.signedOut : form.dataset.offline, "offline");
      } else answer = await response.json();
    } catch { say(form.dataset.offline, "offline"); }
    isSaving = false;
    if (!answer) { keep(); return later(AGAIN); }
    take(answer, sent);
  }

  function take(answer, sent) {
    if (answer.outcome === "refused") return say(answer.sentence, "refused");
    if (answer.outcome === "conflict") return stand(answer);
    if (answer.outcome === "merged") {
      const end = sent.body.match(/\s*$/)[0]; // the server keeps no blanks at the end; somebody may be typing there
      const texts = { body: rebase(sent.body, answer.body + end, body.value), note: rebase(sent.note, answer.note, note.value) };
      // The same letters were typed over meanwhile: the next save says so, from the version that was seen.
      if (texts.body === null || texts.note === null) { keep(); return later(PAUSE); }
      put(body, texts.body);
      put(note, texts.note);
      sent = { body: answer.body + end, note: answer.note };
      document.body.dispatchEvent(new CustomEvent("preview"));
    }
    kept = sent;
    seen.value = answer.version;
    keep();
    say(answer.sentence, answer.outcome);
    if (isDirty()) later(PAUSE);
    refresh();
  }

  function stand(answer) {
    isApart = true;
    store.set({ ...typed(), seen: seen.value });
    seen.value = answer.version;
    conflict.querySelector(".theirs").textContent = answer.theirs;
    conflict.hidden = false;
    say(answer.sentence, "conflict");
    conflict.scrollIntoView({ block: "nearest" });
  }

  // Marks and checks follow the text, unless somebody is just answering one of them.
  async function refresh() {
    const checks = $("#checks");
    if (checks.querySelector(".waive[open]") || checks.contains(document.activeElement)) return;
    try {
      const page = new DOMParser().parseFromString(await (await fetch(form.action)).text(), "text/html");
      const open = [...checks.querySelectorAll("details")].map((each) => each.open);
      const fresh = page.querySelector("#checks");
      if (!fresh || checks.contains(document.activeElement)) return;
      checks.replaceChildren(...fresh.childNodes);
      checks.querySelectorAll("details").forEach((each, place) => { each.open = open[place] ?? each.open; });
      const list = $("#sections ol");
      if (!list.contains(document.activeElement)) list.replaceChildren(...page.querySelector("#sections ol").childNodes);
    } catch { /* the next save asks again */ }
  }

  async function leave(link) {
    if (!link) return;
    if (isDirty() && !isApart) await save();
    location.href = link.href;
  }

  form.addEventListener("input", (event) => {
    if (event.target !== body && event.target !== note) return;
    keep();
    if (isApart) return;
    if (isDirty()) say(form.dataset.typing, "typing");
    later(PAUSE);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-keep-mine") || isApart) { store.drop(); return; } // a plain post decides
    event.preventDefault();
    save();
  });
  $("[data-take-theirs]").addEventListener("click", () => { store.drop(); kept = typed(); });
  addEventListener("online", () => save());
  addEventListener("pagehide", () => {
    if (!isDirty() || isApart) return;
    keep();
    fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, keepalive: true }).catch(() => {});
  });

  document.addEventListener("click", (event) => {
    const name = event.target.closest("[data-insert]")?.dataset.insert;
    if (!name) return;
    body.focus();
    body.setRangeText(name, body.selectionStart, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === "s") {
      event.preventDefault();
      save();
    } else if (isCommand && event.key === "Enter" && form.contains(event.target)) {
      event.preventDefault();
      const seeing = $("#seeing");
      if (seeing) { seeing.open = true; seeing.querySelector("summary").focus(); }
    } else if (isCommand && event.key === "Enter" && $("#seeing")?.contains(event.target)) {
      event.preventDefault();
      body.focus();
    } else if (event.altKey && !isCommand && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      leave($(event.key === "ArrowUp" ? "#previous" : "#following"));
    }
  });

  // On a narrow screen the text comes first.
  if (matchMedia("(max-width: 899px)").matches) $("#sections details").open = false;

  // What could not be saved the last time, upon the version that it was written from.
  const draft = store.get();
  if (draft && !isApart && (draft.body !== body.value || draft.note !== note.value)) {
    body.value = draft.body;
    note.value = draft.note;
    seen.value = draft.seen;
    say(form.dataset.restored, "restored");
    later(0);
    document.body.dispatchEvent(new CustomEvent("preview"));
  } else store.drop();
})();
