"use strict";
// A declaration: more rows, a draft that stays on this phone until it is stored, and what waits for a network.
(function () {
  const KEPT_MS = 3 * 24 * 3600 * 1000;  // the server refuses older answers
  const form = document.querySelector("form.declare");
  for (const name of Object.keys(localStorage)) if (name.startsWith("declaration.")) {
    try { if (Date.now() - JSON.parse(localStorage[name]).here > KEPT_MS) localStorage.removeItem(name); } catch (error) { localStorage.removeItem(name); }
  }
  if (!form) return;

  /* Rows */
  for (const part of form.querySelectorAll("[data-rows]")) {
    const total = part.querySelector("[name$=-TOTAL_FORMS]"), more = part.querySelector("[data-more]");
    more.hidden = false;
    more.addEventListener("click", () => { add(part); part.querySelectorAll("[data-row]")[Number(total.value) - 1].querySelector("select, input").focus(); });
  }
  function add(part) {
    const total = part.querySelector("[name$=-TOTAL_FORMS]"), most = Number(part.querySelector("[name$=-MAX_NUM_FORMS]").value);
    if (Number(total.value) >= most) return false;
    const made = part.querySelector("template").content.cloneNode(true);
    for (const one of made.querySelectorAll("[name], [id], [for]")) for (const name of ["name", "id", "for"])
      if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace("__prefix__", total.value));
    part.querySelector("[data-more]").before(made);
    total.value = Number(total.value) + 1;
    clearable();
    return true;
  }
  function clearable() { for (const one of form.querySelectorAll("[data-clear]")) one.hidden = false; }
  clearable();
  form.addEventListener("click", (event) => {
    if (!event.target.matches("[data-clear]")) return;
    const row = event.target.closest("[data-row]");
    for (const field of row.querySelectorAll("input, select")) field.value = "";
    row.hidden = true;
    form.dispatchEvent(new Event("input"));
  });
  if (!("declare" in form.dataset)) return;  // a tablet that many use keeps no draft

  /* The draft */
  const slot = `declaration.${form.dataset.declare}`;  // another worker's draft is never shown
  const waiting = document.querySelector("[data-waiting]"), trouble = document.querySelector("[data-problems]");
  const ahead = Date.parse(form.dataset.now) - Date.now();  // a phone's clock may be days off
  let sending = false;
  const fields = () => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  function keep(more) {
    const now = read() || {};
    try { localStorage[slot] = JSON.stringify({ at: now.waits ? now.at : Date.now() + ahead, here: Date.now(), waits: now.waits, fields: fields(), ...more }); } catch (error) { /* a full or closed store: the page works without */ }
  }
  function read() { try { return JSON.parse(localStorage[slot] || "null"); } catch (error) { return null; } }
  function show(draft) {
    for (const [name, value] of draft.fields) {
      const found = /^(trip|stay)-(\d+)-/.exec(name);
      while (found && !form.elements[name] && add(form.querySelector(`[data-rows=${found[1]}]`)));
      const field = form.elements[name];
      if (!field || /-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/.test(name)) continue;
      if (field instanceof RadioNodeList || field.type === "checkbox" || field.type === "radio")
        [field].flatMap((one) => one instanceof RadioNodeList ? [...one] : [one]).forEach((one) => { if (one.value === value) one.checked = true; });
      else field.value = value;
    }
  }
  const draft = read(), wrong = form.querySelector(".errorlist");
  if (draft && !wrong) show(draft);
  form.addEventListener("input", () => {
    const kept = read();
    if (kept && kept.waits) form.elements.client_key.value = newKey();  // the server may have the former answers already
    keep({ waits: false });
  });
  function newKey() { return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join(""); }

  /* Sending: what a network does not take stays, and goes later under the same key */
  async function send() {
    const kept = read();
    if (sending || !kept || !kept.waits) return;
    sending = true;
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    for (const [name, value] of kept.fields) body.append(name, value);
    body.set("claimed", new Date(kept.at).toISOString());
    try {
      const { answer, text } = await asked(form.getAttribute("action") || location.href, 20, { method: "POST", body, headers: { "X-Part": "1" } });
      if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
      if (answer.ok) { localStorage.removeItem(slot); location.replace(JSON.parse(text).go); return; }
      keep({ waits: false });
      if (answer.status !== 422) { location.reload(); return; }  // another worker's phone by now, or an old page
      waiting.hidden = true;
      trouble.replaceChildren(...JSON.parse(text).problems.map((line) => { const part = document.createElement("p"); part.textContent = line; return part; }));
      trouble.hidden = false;
      trouble.scrollIntoView({ block: "center" });
    } catch (error) { waiting.hidden = false; waiting.scrollIntoView({ block: "center" }); }
    finally { sending = false; }
  }
  form.addEventListener("submit", (event) => {
    try { localStorage["declaration.can"] = JSON.stringify({ here: 0 }); localStorage.removeItem("declaration.can"); } catch (error) { return; }
    event.preventDefault();
    trouble.hidden = true;
    keep({ waits: true, at: Date.now() + ahead });
    send();
  });
  addEventListener("online", send);
  setInterval(send, 15000);
  if (draft && draft.waits) { waiting.hidden = false; send(); }
})();
