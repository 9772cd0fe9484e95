// Follows the gate through one stream of events, and shows who approaches. When nothing is heard it shows "please
// wait", then "gate not running", and goes on connecting.
"use strict";

const SILENT_AFTER_MS = 3000; // the server says something every second
const RETRY_MS = 300;
const WAIT_AFTER_MS = 2000; // what stands there may be over
const OFF_AFTER_MS = 6000; // a server that only restarts is not worth an alarm
const RENEW_MS = 20000; // before the server ends the stream
const PICTURE_LASTS_MS = 1000;
const OFF = { tone: "desk", sign: "not_running", name: "" };
const WAIT = { tone: "adjust", sign: "wait", name: "" };
const APPROACHING = new Set(["idle", "adjust"]); // after a decision the sign alone is shown

const lane = document.getElementById("lane");
const sign = document.getElementById("sign");
const mirror = document.getElementById("mirror");
const base = lane.dataset.base;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function show({ tone, sign: wanted, name, version }) {
  if (version && version !== lane.dataset.version) location.reload(); // newer software may have other signs
  const next = document.getElementById(`sign-${wanted}`);
  if (!next) return show(OFF);
  if (!APPROACHING.has(tone)) hidePicture();
  if (lane.dataset.sign !== wanted || lane.dataset.name !== name) {
    sign.replaceChildren(next.content.cloneNode(true));
    greet(name);
  }
  lane.dataset.sign = wanted;
  lane.dataset.tone = tone;
  lane.dataset.name = name;
}

function greet(name) {
  const place = sign.querySelector(".name");
  if (!place) return;
  place.textContent = name;
  place.hidden = !name;
  place.classList.toggle("long", [...name].length > 8);
}

// --- the stream

let stream = null; // the one that was heard last
let heardMs = performance.now();
let openedMs = 0;
let broken = false;

function connect() {
  openedMs = performance.now();
  broken = false;
  const next = new EventSource(`${base}/lane/events`);
  next.addEventListener("lane", (event) => {
    if (stream !== next) stream?.close(); // the older one, once this one is heard: nothing is missed between them
    stream = next;
    heardMs = performance.now();
    show(JSON.parse(event.data));
  });
  next.addEventListener("error", () => {
    next.close();
    broken = true;
  });
}

setInterval(() => {
  const now = performance.now();
  const silentMs = now - heardMs;
  if (silentMs > WAIT_AFTER_MS) show(silentMs > OFF_AFTER_MS ? OFF : WAIT);
  const hangs = silentMs > SILENT_AFTER_MS && now - openedMs > SILENT_AFTER_MS;
  if (hangs) stream?.close();
  if (hangs || now - openedMs > (broken ? RETRY_MS : RENEW_MS)) connect();
}, 100);

connect();

// --- the picture

let pictureMs = -PICTURE_LASTS_MS;

function hidePicture() {
  delete lane.dataset.filmed;
}

function draw(picture) {
  if (!APPROACHING.has(lane.dataset.tone)) return;
  if (mirror.width !== picture.width || mirror.height !== picture.height) {
    mirror.width = picture.width;
    mirror.height = picture.height;
  }
  mirror.getContext("2d").drawImage(picture, 0, 0);
  lane.dataset.filmed = "";
  pictureMs = performance.now();
}

async function film() {
  let seen = "0";
  for (;;) {
    try {
      const answer = await fetch(`${base}/lane/preview?seen=${seen}`, {
        signal: AbortSignal.timeout(SILENT_AFTER_MS * 2),
        cache: "no-store",
      });
      if (answer.status === 200) {
        seen = answer.headers.get("X-Picture");
        const picture = await createImageBitmap(await answer.blob());
        draw(picture);
        picture.close();
      } else if (answer.status !== 204) {
        await pause(RETRY_MS * 10);
      }
    } catch {
      await pause(RETRY_MS);
    }
  }
}

if (mirror) {
  setInterval(() => {
    if (performance.now() - pictureMs > PICTURE_LASTS_MS) hidePicture();
  }, 100);
  film();
}
