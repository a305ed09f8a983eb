// Keeps the page up to date: the server says that something changed, and the middle of the page is fetched anew.
"use strict";
(() => {
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  let busy = false;
  let again = false;

  function isTyping() {
    const active = document.activeElement;
    return main.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName);
  }

  function swap(html) {
    const open = [...main.querySelectorAll("details[open][id]")].map((element) => element.id);
    const active = document.activeElement;
    const focused = main.contains(active) && active.href ? active.getAttribute("href") : null;
    main.innerHTML = html;
    for (const id of open) {
      const element = document.getElementById(id);
      if (element) element.open = true;
    }
    if (focused) {
      const link = [...main.querySelectorAll("a")].find((element) => element.getAttribute("href") === focused);
      if (link) link.focus({ preventScroll: true });
    }
  }

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Part": "main" }, cache: "no-store" });
      if (answer.ok && !isTyping()) swap(await answer.text());
    } catch {
      // the next event, or the end of the connection, tells
    } finally {
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  }

  const source = new EventSource("/live");
  let wasLost = false;
  source.onopen = () => {
    live.textContent = live.dataset.live;
    live.classList.remove("bad");
    if (wasLost) refresh();
    wasLost = false;
  };
  source.onmessage = refresh;
  source.onerror = () => {
    live.textContent = live.dataset.lost;
    live.classList.add("bad");
    wasLost = true;
  };
  addEventListener("pagehide", () => source.close());
})();
