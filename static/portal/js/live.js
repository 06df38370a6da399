// News for the signed-in person: by WebSocket, and by asking every few seconds while it is down.
(function () {
  "use strict";
  const meta = document.querySelector('meta[name="live"]');
  if (!meta || !window.WebSocket) return;
  const base = meta.content;
  const since = Number(meta.dataset.since || 0);
  const FIRST_PAUSE = 1000;
  const LONGEST_PAUSE = 60000;
  const POLL_PAUSE = 5000;
  let socket = null;
  let pause = FIRST_PAUSE;
  let cursor = "";
  let retry = 0;
  let poll = 0;
  let ended = false;
  let connecting = false;
  let asking = false;
  let wasConnected = false;

  function tell(kind, data) {
    document.dispatchEvent(new CustomEvent("live:" + kind, { detail: data || {} }));
  }

  function end() {
    ended = true;
    clearTimeout(retry);
    clearTimeout(poll);
    tell("ended");
  }

  function refused(answer) {
    if (answer.status !== 401 && answer.status !== 403) return false;
    end();
    return true;
  }

  async function ask() {
    if (asking) return; // a second answer with the same cursor would tell the same news again
    clearTimeout(poll);
    if (ended || (socket && socket.readyState === WebSocket.OPEN)) return;
    if (!document.hidden) {
      asking = true;
      try {
        const answer = await fetch(base + "changes" + (cursor ? "?since=" + encodeURIComponent(cursor) : ""), {
          signal: window.AbortSignal && AbortSignal.timeout ? AbortSignal.timeout(8000) : undefined,
        });
        if (refused(answer)) return;
        if (answer.ok) {
          const news = await answer.json();
          if (!cursor) tell("resumed"); // what happened before the first cursor is not told
          cursor = news.cursor;
          for (const change of news.changes || []) tell(change.kind, change.data);
        }
      } catch (error) {
        // No network at all: the next round asks again, and the page says nothing about it.
      } finally {
        asking = false;
      }
    }
    clearTimeout(poll);
    poll = setTimeout(ask, POLL_PAUSE + Math.random() * 1000);
  }

  function later() {
    if (ended) return;
    clearTimeout(retry);
    retry = setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  async function ticketFor() {
    const answer = await fetch(base + "ticket", { method: "POST", headers: { "X-CSRFToken": meta.dataset.token } });
    if (refused(answer)) return null;
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  async function connect() {
    if (ended || connecting || document.hidden || (socket && socket.readyState <= WebSocket.OPEN)) return;
    connecting = true;
    let ticket = null;
    try {
      ticket = await ticketFor();
    } catch (error) {
      later();
      ask();
    } finally {
      connecting = false;
    }
    if (!ticket) return;
    const mine = new WebSocket(ticket.url);
    socket = mine;
    mine.onopen = function () {
      const hello = { ticket: ticket.ticket };
      // What happened since the page was read is told first; a page that comes back reads again instead.
      if (!wasConnected && since) hello.since = since;
      mine.send(JSON.stringify(hello));
    };
    mine.onmessage = function (event) {
      const message = JSON.parse(event.data);
      tell(message.kind, message.data);
    };
    mine.onclose = function (event) {
      if (socket === mine) {
        socket = null;
        delete document.documentElement.dataset.live;
      }
      if (event.code === 4401 || event.code === 4403) return end();
      later();
      ask();
    };
    // Only a connection that lasts counts as a good one.
    setTimeout(function () {
      if (mine.readyState !== WebSocket.OPEN) return;
      pause = FIRST_PAUSE;
      clearTimeout(poll);
      cursor = "";
      // Parts of the page that ask by themselves ask less often while this stands.
      document.documentElement.dataset.live = "";
      if (wasConnected || !since) tell("resumed");
      wasConnected = true;
    }, 1500);
  }

  document.addEventListener("visibilitychange", function () {
    if (document.hidden) return;
    pause = FIRST_PAUSE;
    connect();
  });
  window.addEventListener("online", connect);
  window.addEventListener("pagehide", function () { if (socket) socket.close(); });
  connect();
})();
