// A page that waits for an answer asks for it again, slowly more seldom, or at once on news.
(function () {
  "use strict";
  const box = document.querySelector("[data-wait-url]");
  if (!box) return;
  const begun = Date.now();
  let pause = 2000;
  let timer = 0;
  let asking = false;

  async function ask() {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(box.dataset.waitUrl, { headers: { Accept: "application/json" } });
      const result = answer.ok ? await answer.json() : {};
      if (result.done) {
        location.replace(result.url);
        return;
      }
    } catch (error) {
      pause = 5000; // no network: ask again when it may be back
    }
    asking = false;
    if (Date.now() - begun > 15000) box.querySelector("[data-slow]").hidden = false;
    pause = Math.min(5000, pause * 1.2);
    timer = setTimeout(ask, pause);
  }

  timer = setTimeout(ask, 1000);
  window.addEventListener("online", ask);
  document.addEventListener("live:resumed", ask);
  if (box.dataset.waitLive) document.addEventListener("live:" + box.dataset.waitLive, ask);
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) ask();
  });
})();
