// Sends the form of the looks into its preview while somebody types. Without this script the button does.
"use strict";
(() => {
  const form = document.getElementById("looks"), button = document.getElementById("preview-button");
  let timer;
  const show = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => form.requestSubmit(button), wait);
  };
  form.addEventListener("input", () => show(400));
  form.addEventListener("change", () => show(0));
})();
