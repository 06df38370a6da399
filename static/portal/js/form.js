// Typing: spaces and hyphens do no harm, and nothing typed is lost for want of a network.
(function () {
  "use strict";
  function plain(text) {
    return text
      .replace(/[！-～]/g, function (wide) { return String.fromCharCode(wide.charCodeAt(0) - 0xfee0); })
      .replace(/[\s\u3000\-_‐-―]/g, "");
  }

  function tidy(field) {
    const value = plain(field.value);
    if (value !== field.value) field.value = value;
  }

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-strip]")) tidy(event.target);
  });

  // Before once.js counts the form as sent.
  document.addEventListener("submit", function (event) {
    event.target.querySelectorAll("[data-strip]").forEach(tidy);
    const offline = event.target.dataset.offline;
    if (offline && navigator.onLine === false) {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "danger", text: offline } }));
    }
  }, true);
})();
