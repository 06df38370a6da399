// The code panel: always the code whose window is open, by the server's clock, and never a blank.
(function () {
  "use strict";
  const panel = document.querySelector("[data-code]");
  if (!panel || !panel.querySelector("[data-frame]")) return;
  const text = panel.dataset;
  const find = function (name) { return panel.querySelector("[data-" + name + "]"); };
  const frame = find("frame");
  const image = find("image");
  const large = find("large");
  const largeImage = find("large-image");
  const countdown = panel.querySelector("[data-countdown]");
  const AHEAD = 3000; // ask for more this long before the shown code ends
  const USED_SHOWN = 20000;
  const LONGEST_PAUSE = 30000;
  let codes = []; // in memory only: a code on disk could be shown by somebody else
  let fixed = null;
  let offset = 0; // server time minus this device's time
  let shown = null;
  let state = "";
  let asking = false;
  let askedAgain = false;
  let lastUse = "";
  let failures = 0;
  let nextAsk = 0;
  let stopped = false;
  let changes = true; // whether the last answer had codes that end, or the static one alone
  const used = new Set();

  function serverNow() { return Date.now() + offset; }

  function announce(words) { find("announce").textContent = words; }

  function say(words) {
    find("note").textContent = words;
    find("large-note").textContent = words;
    announce(words);
  }

  function shows(code) {
    draw(code);
    shown = code;
    panel.dispatchEvent(new CustomEvent("code:shown", { bubbles: true, detail: { text: code.text } }));
  }

  function drawing(svg) {
    const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    if (root.nodeName !== "svg") return null;
    if (!root.hasAttribute("viewBox")) {
      root.setAttribute("viewBox", "0 0 " + root.getAttribute("width") + " " + root.getAttribute("height"));
    }
    root.setAttribute("aria-hidden", "true");
    return document.importNode(root, true);
  }

  function draw(code) {
    const svg = drawing(code.svg);
    if (!svg) return;
    largeImage.replaceChildren(svg.cloneNode(true));
    image.replaceChildren(svg);
  }

  function enter(next) {
    if (state === next) return;
    state = next;
    frame.dataset.state = next;
    find("time").hidden = next !== "live";
    if (next === "expired") panel.dispatchEvent(new CustomEvent("code:expired", { bubbles: true }));
  }

  function current() {
    const now = serverNow();
    let best = null;
    for (const code of codes) {
      if (code.valid_from <= now && now < code.valid_until && (!best || code.valid_until > best.valid_until)) best = code;
    }
    return best;
  }

  function render() {
    const now = serverNow();
    codes = codes.filter(function (code) { return now < code.valid_until; });
    const code = current();
    if (code) {
      const isNew = !shown || shown.text !== code.text;
      const total = Math.round((code.valid_until - code.valid_from) / 1000);
      // Said once per code, and only where codes change seldom enough to be listened to.
      if (isNew && shown && total >= 20) announce(text.textShown);
      if (isNew) shows(code);
      countdown.dataset.total = total;
      countdown.dataset.ends = code.valid_until - offset;
      enter("live");
      if (isNew) document.dispatchEvent(new CustomEvent("countdown:changed"));
      if (failures === 2) say(text.textOffline);
    } else if (fixed && (failures || !changes)) {
      if (!shown || shown.text !== fixed.text) shows(fixed);
      if (failures && state !== "static") say(text.textStatic);
      enter("static");
    } else if (failures || !shown) {
      if (state !== "expired") {
        say("");
        announce(text.textExpired);
      }
      enter("expired");
    } else if (state === "live") {
      enter("changing"); // its window is over and the answer is on its way
    }
    return code;
  }

  function take(payload, answeredAt) {
    offset = payload.server_time - answeredAt;
    fixed = payload.static || null;
    codes = (payload.codes || []).filter(function (code) { return !used.has(code.text); });
    changes = (payload.codes || []).length > 0;
  }

  // The card may not be shown any more: say why, in the place of the code.
  function block(problem) {
    stopped = true;
    codes = [];
    fixed = null;
    shown = null;
    image.replaceChildren();
    if (large.open) large.close();
    find("expired-text").textContent = problem.title || text.textExpired;
    enter("expired");
    say(problem.next_step || problem.detail || "");
  }

  async function ask(byHand) {
    if (!panel.dataset.codesUrl) return;
    if (asking) { askedAgain = true; return; }
    asking = true;
    if (byHand) announce(text.textRetry);
    const sent = Date.now();
    try {
      const answer = await fetch(panel.dataset.codesUrl, {
        cache: "no-store", credentials: "same-origin", headers: { Accept: "application/json" },
        signal: window.AbortSignal && AbortSignal.timeout ? AbortSignal.timeout(8000) : undefined,
      });
      if (answer.redirected) return location.reload(); // to the sign-in: the session is over
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429) {
        const problem = await answer.json().catch(function () { return null; });
        return problem ? block(problem) : location.reload(); // the page itself says what is the matter
      }
      if (!answer.ok) throw new Error(answer.status);
      const payload = await answer.json();
      take(payload, (sent + Date.now()) / 2); // the answer is half the round trip old
      if (byHand || failures || stopped) say("");
      find("expired-text").textContent = text.textExpired;
      stopped = false;
      failures = 0;
      nextAsk = 0;
    } catch (error) {
      failures += 1;
      nextAsk = Date.now() + Math.min(LONGEST_PAUSE, 1000 * 2 ** failures);
    } finally {
      asking = false;
      if (!stopped) render();
      if (askedAgain) { askedAgain = false; ask(false); }
    }
  }

  function tick() {
    if (document.hidden || stopped) return;
    const code = render();
    if (asking) return;
    const ending = !code || code.valid_until - serverNow() <= AHEAD;
    if (panel.dataset.codesUrl && ((changes && ending) || failures) && Date.now() >= nextAsk) {
      nextAsk = Date.now() + 2000; // an answer that brings nothing newer is not asked for each second
      ask(false);
    }
  }

  function keepAwake() {
    if (!navigator.wakeLock || document.hidden) return;
    navigator.wakeLock.request("screen").catch(function () {}); // refused on low battery; the hint stands
  }

  panel.addEventListener("click", function (event) {
    if (event.target.closest("[data-refresh]") && panel.dataset.codesUrl) {
      event.preventDefault();
      ask(true);
    } else if (event.target.closest("[data-enlarge]")) {
      if (large.showModal) large.showModal(); else large.setAttribute("open", "");
      keepAwake();
    }
  });

  document.addEventListener("live:code.used", function (event) {
    const use = event.detail;
    const words = [use.institution, use.place, use.purpose].filter(Boolean).join(" · ");
    find("used-text").textContent = text.textUsed + (words ? "：" + words : "");
    find("used").hidden = false;
    setTimeout(function () { find("used").hidden = true; }, USED_SHOWN);
    announce(text.textUsed + " " + words);
    // The same use again, now with its place and purpose: the code shown meanwhile is a new one.
    if (use.usage && use.usage === lastUse) return;
    lastUse = use.usage;
    if (large.open) large.close();
    if (shown && shown !== fixed) used.add(shown.text);
    codes = codes.filter(function (code) { return !used.has(code.text); });
    if (state === "live") enter("changing");
    ask(false);
  });
  document.addEventListener("live:card.changed", function () { ask(false); });
  document.addEventListener("live:resumed", function () { ask(false); });
  document.addEventListener("live:ended", function () { ask(false); });
  window.addEventListener("online", function () {
    failures = Math.min(failures, 1); // the network may need a second try, and soon
    ask(false);
  });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) return;
    keepAwake();
    ask(false);
  });

  const given = document.getElementById("codes");
  const page = performance.getEntriesByType("navigation")[0];
  if (given) {
    take(JSON.parse(given.textContent), performance.timeOrigin + (page ? page.responseStart : 0));
    render();
  }
  // A page out of the browser's history carries codes and a clock of long ago.
  if (!given || (page && page.type === "back_forward")) ask(false);
  keepAwake();
  setInterval(tick, 1000);
})();
