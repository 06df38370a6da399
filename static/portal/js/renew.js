// A part of a page that shows something live reads itself again: on news, and every few seconds.
// What is to be heard (data-say) goes into a place that stays, so that screen readers say it once.
(function () {
  "use strict";
  const part = document.querySelector("[data-renew]");
  if (!part) return;
  const pause = Number(part.dataset.renew) * 1000;
  // While a socket brings the news, asking is only for what got lost on its way.
  const RARELY = 6;
  const heard = document.querySelector("[data-heard]");
  let timer = 0;
  let asking = false;
  let again = false;
  let said = sayOf(part);
  let alerted = alertOf(part);

  function sayOf(node) {
    const found = node.querySelector("[data-say]");
    return found ? found.dataset.say : "";
  }

  function alertOf(node) {
    const found = node.querySelector("[data-alert]");
    return found ? found.dataset.alert : "";
  }

  // Without what differs at each reading and changes nothing.
  function essence(node) {
    const copy = node.cloneNode(true);
    for (const found of copy.querySelectorAll("[name=csrfmiddlewaretoken], [data-quiet]")) found.remove();
    return copy.innerHTML;
  }

  function isBusy() {
    const active = document.activeElement;
    return Boolean(part.querySelector("details[open]")) || (part.contains(active) && active.matches("input, select"));
  }

  function show(fresh) {
    if (essence(fresh) === essence(part)) {
      const quiet = fresh.querySelectorAll("[data-quiet]");
      part.querySelectorAll("[data-quiet]").forEach(function (old, place) {
        old.textContent = quiet[place].textContent;
      });
      return;
    }
    if (isBusy()) return;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
    const kept = focused && document.getElementById(focused);
    if (kept) kept.focus();
    if (heard && sayOf(part) !== said) heard.textContent = sayOf(part);
    if (alertOf(part) && alertOf(part) !== alerted && navigator.vibrate) navigator.vibrate([300, 150, 300]);
    said = sayOf(part);
    alerted = alertOf(part);
    document.dispatchEvent(new CustomEvent("renewed"));
  }

  function later(wait) {
    timer = setTimeout(renew, wait * ("live" in document.documentElement.dataset ? RARELY : 1));
  }

  async function renew() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        // What is shown has moved elsewhere, or the session has ended.
        if (answer.redirected) {
          location.replace(answer.url);
          return;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-renew]");
        if (answer.ok && fresh) show(fresh);
      } catch (error) {
        // No network: what is shown stays with its time, and the next round asks again.
      }
    }
    asking = false;
    later(again ? 0 : pause);
    again = false;
  }

  for (const kind of (part.dataset.renewOn || "").split(" ").filter(Boolean)) {
    document.addEventListener("live:" + kind, renew);
  }
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) renew();
  });
  window.addEventListener("online", renew);
  later(pause);
})();
