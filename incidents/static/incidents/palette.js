// Go anywhere by name: Ctrl+K. The list comes from the server when it is first asked for; the letters narrow it here.
"use strict";
(() => {
  const dialog = document.querySelector("#palette");
  if (!dialog) return;
  const input = dialog.querySelector("input"), list = dialog.querySelector("[role=listbox]"), none = dialog.querySelector(".empty");
  let at = null;

  const all = () => [...list.children];
  const shown = () => all().filter((each) => !each.hidden);

  function choose(option) {
    at?.setAttribute("aria-selected", "false");
    at = option || null;
    at?.setAttribute("aria-selected", "true");
    at?.scrollIntoView({ block: "nearest" });
    if (at) input.setAttribute("aria-activedescendant", at.id);
    else input.removeAttribute("aria-activedescendant");
  }

  // Every word that was typed must be in it, in any order.
  function narrow() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const each of all()) {
      const text = each.textContent.toLowerCase();
      each.hidden = !words.every((word) => text.includes(word));
    }
    const left = shown();
    none.hidden = left.length > 0 || !list.children.length;
    choose(left[0]);
  }

  async function open() {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    dialog.showModal();
    input.value = "";
    input.focus();
    try {
      const answer = await fetch(dialog.dataset.list, { headers: { "Candor-Script": "1" } });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      list.replaceChildren(...fresh.children);
      dialog.querySelector(".bad").hidden = true;
    } catch {
      dialog.querySelector(".bad").hidden = false;
    }
    narrow();
  }

  function go(option) { if (option) location.assign(option.dataset.href); }

  input.addEventListener("input", narrow);
  input.addEventListener("keydown", (event) => {
    const left = shown(), place = left.indexOf(at);
    if (event.key === "ArrowDown") choose(left[(place + 1) % left.length]);
    else if (event.key === "ArrowUp") choose(left[(place - 1 + left.length) % left.length]);
    else if (event.key === "Enter") go(at);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) open(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
})();
