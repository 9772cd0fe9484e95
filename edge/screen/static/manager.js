// Says so when the gate computer no longer answers; htmx does the rest.
"use strict";

const lost = document.getElementById("lost");
for (const kind of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.body.addEventListener(kind, () => { lost.hidden = false; });
}
document.body.addEventListener("htmx:afterOnLoad", () => { lost.hidden = true; });
