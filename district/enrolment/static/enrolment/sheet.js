"use strict";
// The sheet of links: print it, or copy all of them as lines of name and link.
document.querySelector("[data-print]").addEventListener("click", () => print());
document.querySelector("[data-copy-links]").addEventListener("click", async (event) => {
  const lines = [...document.querySelectorAll(".sheet-links input")].map((one) => `${one.dataset.name}\t${one.value}`);
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(lines.join("\n"));
    button.classList.add("main");
  } catch (error) {
    document.querySelector(".sheet-links input").select();
  }
});
document.querySelectorAll(".sheet-links input").forEach((one) => one.addEventListener("focus", () => one.select()));
