"use strict";
// Pages on a worker's phone. Each part works alone; without scripts the pages still do their work.

// A request that ends: a phone that loses its network may wait for an answer for ever.
async function asked(address, seconds, how) {
  const control = new AbortController(), end = setTimeout(() => control.abort(), seconds * 1000);
  try {
    const answer = await fetch(address, { ...how, signal: control.signal });
    return { answer, text: await answer.text() };
  } finally { clearTimeout(end); }
}

// Read aloud: the phone's own voice, in the page's language. Nothing is sent anywhere.
(function () {
  const button = document.querySelector("[data-speak]");
  if (!button || !("speechSynthesis" in window)) return;
  const language = document.documentElement.lang.startsWith("zh") ? "zh-CN" : document.documentElement.lang;
  const stopped = () => button.classList.remove("on");
  button.hidden = !document.querySelector("[data-say]");
  button.addEventListener("click", () => {
    if (speechSynthesis.speaking) { speechSynthesis.cancel(); return stopped(); }
    const text = [...document.querySelectorAll("[data-say]")].map((one) => one.innerText.trim()).filter(Boolean).join(". ");
    const spoken = new SpeechSynthesisUtterance(text.replace(/\n+/g, ". "));
    spoken.lang = language;
    spoken.rate = 0.9;
    const voice = speechSynthesis.getVoices().find((one) => one.lang.replace("_", "-").startsWith(language.slice(0, 2)));
    if (voice) spoken.voice = voice;
    spoken.onend = spoken.onerror = stopped;
    button.classList.add("on");
    speechSynthesis.speak(spoken);
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
})();

// A part that the server makes new: fetched from data-from every data-every seconds while the page is seen.
(function () {
  const part = document.querySelector("[data-from]");
  if (!part) return;
  const every = Number(part.dataset.every) * 1000;
  let asking = false, soon = 0;
  async function again() {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const { answer, text } = await asked(part.dataset.from, 15, { headers: { "X-Part": "1" }, cache: "no-store" });
      if (answer.status === 204) return;
      if (answer.redirected || answer.headers.get("X-Go")) { location.replace(answer.headers.get("X-Go") || answer.url); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      part.innerHTML = text;
      part.dispatchEvent(new CustomEvent("made-new", { bubbles: true }));
    } catch (error) {
      clearTimeout(soon);
      soon = setTimeout(again, Math.min(every, 5000));
      part.dispatchEvent(new CustomEvent("not-made", { bubbles: true }));
    } finally { asking = false; }
  }
  setInterval(again, every);
  document.addEventListener("visibilitychange", again);
})();

// How long a code is still good. An old code is shown as old; the screen stays on.
(function () {
  const place = document.querySelector("[data-code]");
  if (!place) return;
  function tick() {
    const code = place.querySelector("[data-until]");
    if (!code) return;
    const left = Math.round((Date.parse(code.dataset.until) - Date.now()) / 1000);
    const bar = place.querySelector("progress");
    if (bar) bar.value = Math.max(0, left);
    code.classList.toggle("old", left <= 0);
    const old = document.querySelector("[data-old]");
    if (old) old.hidden = left > 0;
  }
  setInterval(tick, 1000);
  tick();
  if ("wakeLock" in navigator) {
    const awake = () => { if (!document.hidden) navigator.wakeLock.request("screen").catch(() => {}); };
    awake();
    document.addEventListener("visibilitychange", awake);
  }
})();

// The photo: the camera in the page where the browser has one, or else the phone's own camera by a file field.
(function () {
  const form = document.querySelector("[data-photo]");
  if (!form) return;
  const view = form.querySelector(".camera"), video = form.querySelector("video"), hint = form.querySelector(".hint");
  const take = form.querySelector("[data-take]"), field = form.querySelector("input[type=file]"), own = form.querySelector("[data-own]");
  const words = form.dataset, side = 1280;
  let stream = null, good = 0, sending = false;

  async function open() {
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } }, audio: false });
    } catch (error) { return; }
    video.srcObject = stream;
    await video.play();
    view.hidden = false;
    view.classList.add("mirror");
    take.hidden = false;
    own.hidden = true;
    look();
  }

  // Light and sharpness of the oval, four times a second. The decision is the server's; this saves a second try.
  function look() {
    if (!stream || sending) return;
    const small = document.createElement("canvas");
    small.width = 96; small.height = 128;
    const context = small.getContext("2d", { willReadFrequently: true });
    const width = video.videoWidth, height = video.videoHeight, wanted = Math.min(width, height * 0.75);
    if (width) {
      context.drawImage(video, (width - wanted) / 2, 0, wanted, height, 0, 0, 96, 128);
      const fault = faults(context.getImageData(20, 24, 56, 80));
      good = fault ? 0 : good + 1;
      hint.textContent = fault ? words[fault] : words.ready;
      view.classList.toggle("ready", good >= 2);
    }
    setTimeout(look, 250);
  }

  function faults(pixels) {
    const { data, width, height } = pixels;
    const grey = new Float32Array(width * height);
    let sum = 0, white = 0, left = 0, right = 0;
    for (let i = 0; i < grey.length; i++) {
      const value = 0.114 * data[4 * i + 2] + 0.587 * data[4 * i + 1] + 0.299 * data[4 * i];
      grey[i] = value; sum += value; white += value > 248;
      if (i % width < width / 2) left += value; else right += value;
    }
    const mean = sum / grey.length;
    if (mean < 55) return "dark";
    if (white / grey.length > 0.25 || mean > 215) return "bright";
    if (Math.max(left, right) > 2.2 * Math.min(left, right) + 1) return "uneven";
    let energy = 0, spread = 0;
    for (let y = 1; y < height - 1; y++) for (let x = 1; x < width - 1; x++) {
      const at = y * width + x, second = 4 * grey[at] - grey[at - 1] - grey[at + 1] - grey[at - width] - grey[at + width];
      energy += second * second; spread += (grey[at] - mean) ** 2;
    }
    return energy / (spread + 20 * grey.length) < 0.01 ? "blurred" : "";
  }

  function shot(source, width, height) {
    const scale = Math.min(1, side / Math.max(width, height)), canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  }

  async function send(picture) {
    if (sending || !picture) return;
    sending = true;
    take.disabled = true;
    hint.textContent = words.sending;
    const data = new FormData(form);
    data.set("photo", picture, "photo.jpg");
    try {
      const { answer } = await asked(form.action || location.href, 90, { method: "POST", body: data });
      if (!answer.ok && !answer.redirected) throw new Error(String(answer.status));
      if (stream) stream.getTracks().forEach((one) => one.stop());
      location.replace(answer.url);
    } catch (error) {
      sending = false;
      take.disabled = false;
      hint.textContent = words.offline;
      view.hidden = false;
      if (stream) setTimeout(look, 2500);
    }
  }

  take.addEventListener("click", async () => send(await shot(video, video.videoWidth, video.videoHeight)));
  field.addEventListener("change", async () => {
    if (!field.files.length) return;
    try {
      const picture = await createImageBitmap(field.files[0], { imageOrientation: "from-image" });
      await send(await shot(picture, picture.width, picture.height));
    } catch (error) { form.submit(); }
  });
  addEventListener("pagehide", () => { if (stream) stream.getTracks().forEach((one) => one.stop()); });
  open();
})();
