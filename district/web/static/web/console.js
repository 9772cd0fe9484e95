/* What the console does in the browser: shortcuts, rows by keyboard, chosen rows, columns, drafts of forms. Works without it. */
(function () {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");

  /* Menus close when something else is used, and by Escape */
  document.addEventListener("click", (event) => {
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  /* The search box: results below it, arrows walk through them */
  const panel = $("#find-panel"), find = $("#find");
  if (panel && find) {
    const close = () => { panel.replaceChildren(); };
    document.addEventListener("click", (event) => { if (!event.target.closest(".find")) close(); });
    find.closest("form").addEventListener("keydown", (event) => {
      const links = [find, ...all("a", panel)], at = links.indexOf(document.activeElement);
      if (event.key === "Escape") { close(); find.focus(); }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const to = links[at + (event.key === "ArrowDown" ? 1 : -1)];
        if (to) { event.preventDefault(); to.focus(); }
      }
    });
  }

  /* Keyboard */
  let go = false, row = -1;
  const rows = () => all("table[data-rows] tbody tr");
  function move(step) {
    const list = rows();
    if (!list.length) return;
    row = Math.max(0, Math.min(list.length - 1, row + step));
    const target = $("a", list[row]) || $("input", list[row]) || list[row];
    target.focus({ preventScroll: true });
    list[row].scrollIntoView({ block: "nearest" });
  }
  const keys = {
    "/": () => { const find = $("#find"); if (find) { find.focus(); find.select(); } },
    "?": () => { const help = $("#keys"); if (help && help.togglePopover) help.togglePopover(); },
    j: () => move(1), k: () => move(-1),
    x: () => { const box = rows()[row] && $("input[name=pick]", rows()[row]); if (box) box.click(); },
    n: () => { const link = $(".pager a[rel=next]"); if (link) link.click(); },
    p: () => { const link = $(".pager a[rel=prev]"); if (link) link.click(); },
    g: () => { go = true; setTimeout(() => { go = false; }, 1200); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (go && event.key >= "1" && event.key <= "9") {
      const link = all(".side li a")[Number(event.key) - 1];
      if (link) link.click();
    } else if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  /* Chosen rows */
  function showPicked() {
    const bar = $("#bulk");
    if (!bar) return;
    const count = all("input[name=pick]:checked").length;
    bar.hidden = !count;
    $("[data-picked]", bar).textContent = count;
    all("input[name=pick]").forEach((box) => box.closest("tr").setAttribute("aria-selected", box.checked));
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) all("input[name=pick]").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-pick-all], [name=pick]")) showPicked();
    if (event.target.closest("[data-columns]")) {
      event.stopPropagation();
      const address = new URL(location.href);
      address.searchParams.set("columns", all("input:checked", event.target.closest("[data-columns]")).map((box) => box.value).join(","));
      ["after", "before"].forEach((name) => address.searchParams.delete(name));
      location.assign(address);
    }
  }, true);

  /* Drafts: what is typed stays in this tab until it is sent, also if the session ends. Never another account's, and
     never what is marked data-private. sessionStorage ends with the tab: a shared computer keeps nothing. */
  const account = document.body.dataset.account;
  const prefix = "draft ";
  const keyOf = (form) => `${prefix}${account} ${location.pathname} ${form.id || form.getAttribute("action") || ""}`;
  const kept = (field) => field.name && !field.closest("[data-private]") && !field.matches("[data-private]") &&
    !["hidden", "password", "file", "submit", "button"].includes(field.type);
  function read(form) {
    return Array.from(form.elements).filter(kept).map((f) => [f.name, f.type === "checkbox" || f.type === "radio" ? f.checked : f.value, f.type === "radio" ? f.value : ""]);
  }
  function restore(form, values) {
    const fields = Array.from(form.elements).filter(kept);
    values.forEach(([name, value, option]) => {
      const field = fields.find((f) => f.name === name && (f.type !== "radio" || f.value === option));
      if (!field) return;
      if (typeof value === "boolean") field.checked = value; else field.value = value;
    });
  }
  function offer(form, key, before) {
    const note = document.createElement("div");
    note.className = "note draft-note";
    note.setAttribute("role", "status");
    const zh = document.documentElement.lang.startsWith("zh");
    const text = document.createElement("p");
    text.textContent = zh ? "已恢复您上次未提交的内容。" : "What you had typed here is restored.";
    const button = document.createElement("button");
    button.type = "button"; button.className = "tiny";
    button.textContent = zh ? "放弃" : "Discard";
    button.addEventListener("click", () => { sessionStorage.removeItem(key); restore(form, before); note.remove(); });
    note.append(text, button);
    form.before(note);
  }
  function drafts() {
    /* The form did not arrive: its session had ended, or it was refused. Its draft stays. */
    if (!account || document.body.classList.contains("keeps-drafts")) { sessionStorage.removeItem("draft sent"); return; }
    all("form[data-draft]").forEach((form) => {
      const key = keyOf(form), before = read(form);
      let values = null;
      try { values = JSON.parse(sessionStorage.getItem(key)); } catch { sessionStorage.removeItem(key); }
      if (Array.isArray(values) && JSON.stringify(values) !== JSON.stringify(before)) { restore(form, values); offer(form, key, before); }
      form.addEventListener("input", () => { try { sessionStorage.setItem(key, JSON.stringify(read(form))); } catch { /* full or forbidden */ } });
      form.addEventListener("submit", () => { try { sessionStorage.setItem("draft sent", key); } catch { /* the same */ } });
    });
    /* A draft is done with when the page behind its form is another one; a form shown again with errors keeps it. */
    const sent = sessionStorage.getItem("draft sent");
    if (sent) {
      const again = all("form[data-draft]").some((form) => keyOf(form) === sent);
      if (!again) sessionStorage.removeItem(sent);
      sessionStorage.removeItem("draft sent");
    }
  }
  function forgetOthers() {
    if (!account) return;
    Object.keys(sessionStorage).filter((key) => key.startsWith(prefix) && !key.startsWith(`${prefix}${account} `) && key !== "draft sent")
      .forEach((key) => sessionStorage.removeItem(key));
  }
  try { forgetOthers(); drafts(); } catch { /* the browser forbids storage */ }

  /* A phone shows the filters when asked, or while one is used */
  if (matchMedia("(max-width: 720px)").matches) all("[data-filters]:not([data-used])").forEach((filters) => { filters.open = false; });

  all("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
  document.addEventListener("htmx:afterSettle", () => { row = -1; showPicked(); });
  /* A live part that fails, or gets no answer in time, keeps its last content, says so, and asks again. */
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, (event) => event.detail.elt.classList.add("stale")));
  document.addEventListener("htmx:afterOnLoad", (event) => { if (event.detail.successful) event.detail.elt.classList.remove("stale"); });
  showPicked();
})();
