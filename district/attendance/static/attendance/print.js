// Print a page: a button with `data-print`. Inline scripts are refused.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
