// A form with data-once is sent once, however often the button is pressed.
(function () {
  "use strict";
  function free(form) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[data-idle]")) {
      button.querySelector("[data-label]").textContent = button.dataset.idle;
      button.removeAttribute("data-idle");
      button.removeAttribute("aria-disabled");
    }
  }

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!("once" in form.dataset)) return;
    if (event.defaultPrevented || form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // Not `disabled`: a disabled button would leave its own name and value out of the form.
    const button = event.submitter;
    const label = button && button.querySelector("[data-label]");
    if (label) {
      button.dataset.idle = label.textContent;
      label.textContent = button.dataset.busy || label.textContent;
      button.setAttribute("aria-disabled", "true");
    }
    // The server guards against doubles too; a lost answer must not lock the page for good.
    setTimeout(free, 15000, form);
  });

  // The browser's back button brings the page back as it was left: pressed.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(free);
  });
})();
