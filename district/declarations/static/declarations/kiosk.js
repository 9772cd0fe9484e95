"use strict";
// A tablet that many use: an unfinished form goes away after two minutes without a touch.
(function () {
  const form = document.querySelector("[data-kiosk]");
  if (!form) return;
  const first = form.elements.step.value === "who";
  let timer = 0;
  function again() {
    clearTimeout(timer);
    timer = setTimeout(() => { if (first) form.reset(); else location.replace(location.pathname); }, 120000);
  }
  for (const event of ["input", "pointerdown", "keydown", "scroll"]) addEventListener(event, again, { passive: true });
  again();
})();
