// A part of a page that shows how far something is asks for itself again, as long as it says so.
(function () {
  "use strict";

  async function renew() {
    const shown = document.getElementById("progress");
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("progress");
        if (answer.ok && fresh) shown.replaceWith(document.importNode(fresh, true));
      } catch (error) {
        // No network: what is shown stays, and the next round asks again.
      }
    }
    wait();
  }

  function wait() {
    const seconds = Number(document.getElementById("progress").dataset.refreshSeconds);
    if (seconds) setTimeout(renew, seconds * 1000);
  }

  wait();
})();
