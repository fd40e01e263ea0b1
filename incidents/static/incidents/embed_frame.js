// Inside the frame: tells the page around it whether there is something to show, and looks again every minute.
(function () {
  "use strict";
  var id = document.body.dataset.id;
  function say(message) { window.parent.postMessage(message, "*"); } // what is said is public
  say(id ? { action: "showFrame", id: id } : { action: "dismissFrame" });
  document.getElementById("dismiss").addEventListener("click", function () {
    say({ action: "dismissFrame", isByReader: true });
  });
  window.setInterval(function () {
    fetch(location.pathname, { method: "HEAD", cache: "no-cache" }).then(function (answer) {
      var changed = Date.parse(answer.headers.get("Last-Modified"));
      if (answer.ok && changed > Date.parse(document.lastModified)) location.reload();
    }, function () { /* it cannot be asked: what stands here stands until it can */ });
  }, 60000);
})();
