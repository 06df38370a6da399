// A page whose next step is to print: its button has the focus, so that Enter is enough.
(function () {
  "use strict";
  const next = document.querySelector(".desk-print select, .desk-print button, button[name=print]");
  if (!next) return;
  next.focus();
  if (next.name === "print") {
    next.addEventListener("click", function (event) {
      event.preventDefault();
      window.print();
    });
  }
})();
