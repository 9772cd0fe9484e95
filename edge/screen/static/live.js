// Hears of changes at once (server-sent events) and lets the parts of the page ask for their new state.
"use strict";

const lost = document.getElementById("lost");
const news = new EventSource(document.body.dataset.events);
const LOST_AFTER_MS = 3000;
let losing = null;

news.addEventListener("changed", () => htmx.trigger(document.body, "changed"));
news.addEventListener("open", () => { clearTimeout(losing); losing = null; lost.hidden = true; });
news.addEventListener("error", () => {
  if (news.readyState === EventSource.CLOSED) location.reload(); // signed out: the page shows the sign-in
  losing ??= setTimeout(() => { lost.hidden = false; }, LOST_AFTER_MS);
});
