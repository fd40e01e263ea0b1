// Sends the form of the looks into its preview while somebody types. Without this script the button does.
"use strict";
(() => {
  const form = document.getElementById("looks"), button = document.getElementById("preview-button");
  let timer;
  const show = () => {
    // A new frame each time: what is sent into one that stands there already would be a step for the Back button.
    const frame = document.querySelector("iframe[name=preview]"), fresh = frame.cloneNode();
    fresh.removeAttribute("src");
    frame.replaceWith(fresh);
    form.requestSubmit(button);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  });
  // A form is on its way to one place only: a preview that came after it would call the saving off.
  form.addEventListener("submit", (event) => {
    if (event.submitter !== button) clearTimeout(timer);
  });
  if (document.getElementById("errors")) show();
})();
