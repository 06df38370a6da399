// What every page does: focus on errors, sheets, toasts, countdowns, the badge of messages.
(function () {
  "use strict";
  document.documentElement.classList.add("has-scripts");

  const summary = document.querySelector("[data-takes-focus]");
  if (summary) summary.focus();

  // A text that can be copied stands on the page too; without a clipboard it is copied by hand.
  function hideCopying() {
    for (const button of document.querySelectorAll("[data-copies]")) button.hidden = true;
  }
  if (!navigator.clipboard) hideCopying();

  function copy(button) {
    navigator.clipboard.writeText(button.dataset.copies).then(function () {
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: button.dataset.copied } }));
    }, hideCopying);
  }

  document.addEventListener("click", function (event) {
    const target = event.target.closest("a, button, dialog");
    if (!target) return;
    if (target.dataset.opens) {
      const dialog = document.getElementById(target.dataset.opens);
      if (dialog && dialog.showModal) {
        event.preventDefault();
        dialog.showModal();
      }
    } else if (target.dataset.copies) {
      copy(target);
    } else if ("closes" in target.dataset) {
      target.closest("dialog").close();
    } else if (event.target.matches("dialog.sheet")) {
      event.target.close(); // a tap beside the sheet lands on the dialog itself
    } else if (target.closest(".error-summary") && target.hash) {
      const field = document.getElementById(target.hash.slice(1));
      if (field) {
        event.preventDefault();
        field.focus();
        field.scrollIntoView({ block: "center" });
      }
    }
  });

  document.addEventListener("toast", function (event) {
    const toast = document.createElement("div");
    toast.className = "toast toast-" + (event.detail.kind || "done");
    toast.textContent = event.detail.text;
    document.getElementById("toasts").append(toast);
    setTimeout(function () { toast.remove(); }, 5000);
  });

  // A countdown runs to data-ends, a time of this device in milliseconds. Where the page came
  // with seconds only, they count from now.
  function tick() {
    for (const countdown of document.querySelectorAll("[data-countdown]")) {
      const data = countdown.dataset;
      if (!data.ends) data.ends = Date.now() + 1000 * data.seconds;
      const left = Math.max(0, data.ends - Date.now());
      const share = Math.min(1, left / (1000 * data.total || 1));
      countdown.querySelector("[data-ring]").setAttribute("stroke-dashoffset", 100 - 100 * share);
      countdown.querySelector("[data-seconds-text]").textContent = Math.ceil(left / 1000);
    }
    for (const button of document.querySelectorAll("[data-wait-seconds]")) {
      const data = button.dataset;
      const label = button.querySelector("[data-label]");
      if (!data.ends) {
        data.ends = Date.now() + 1000 * data.waitSeconds;
        data.label = label.textContent;
      }
      const left = Math.ceil((data.ends - Date.now()) / 1000);
      button.disabled = left > 0;
      label.textContent = left > 0 ? left + " " + data.waitText : data.label;
      if (left <= 0) button.removeAttribute("data-wait-seconds");
    }
  }
  tick();
  setInterval(tick, 1000);
  document.addEventListener("countdown:changed", tick);

  document.addEventListener("live:inbox.changed", function (event) {
    const unread = event.detail.unread || 0;
    for (const badge of document.querySelectorAll("[data-unread]")) {
      badge.hidden = !unread;
      badge.querySelector("[data-unread-text]").textContent = unread > 99 ? "99+" : unread;
    }
  });
})();
