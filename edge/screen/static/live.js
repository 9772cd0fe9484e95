// Hears of changes at once (server-sent events) and lets the parts of the page ask for their new state.
"use strict";

// On a phone the row of pages is wider than the screen: show the present one.
document.querySelector(".top nav.tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const lost = document.getElementById("lost");
const news = new EventSource(document.body.dataset.events);
const LOST_AFTER_MS = 3000;
let losing = null;

// A decision and its passage change several things: ask once. Many open pages do not ask in the same moment.
const SOON_MS = 60, SPREAD_MS = 240;
let asking = null;
news.addEventListener("changed", () => {
  asking ??= setTimeout(() => { asking = null; htmx.trigger(document.body, "changed"); }, SOON_MS + Math.random() * SPREAD_MS);
});
news.addEventListener("open", () => { clearTimeout(losing); losing = null; lost.hidden = true; });
news.addEventListener("error", () => {
  if (news.readyState === EventSource.CLOSED) location.reload(); // signed out: the page shows the sign-in
  losing ??= setTimeout(() => { lost.hidden = false; }, LOST_AFTER_MS);
});
document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", () => {
  news.close();
  clearTimeout(asking); // a part asked for after the end of the session would be refused
});

// Another language: what was typed in a form is there again on the same page.
const TYPED = "typed";
const fields = () => [...document.querySelectorAll("main form :is(input:not([type=hidden], [type=password]), select, textarea)[name]")];
const key = (field) => `${field.form.getAttribute("action")} ${field.name}`;
for (const link of document.querySelectorAll("a[hreflang]")) link.addEventListener("click", () => {
  sessionStorage.setItem(TYPED, JSON.stringify(fields().map((one) => [key(one), one.value, one.checked])));
});
const typed = JSON.parse(sessionStorage.getItem(TYPED) ?? "[]");
sessionStorage.removeItem(TYPED);
for (const one of fields()) for (const [where, value, checked] of typed) {
  if (where !== key(one)) continue;
  if (one.type === "radio" || one.type === "checkbox") { if (one.value === value) one.checked = checked; continue; }
  if (value && value !== one.value) one.closest("details")?.setAttribute("open", "");
  one.value = value;
}
