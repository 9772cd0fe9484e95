// Asks for the next sign, shows it, asks again. After any failure it shows "gate not running", and asks again.
"use strict";

const SILENT_AFTER_MS = 3000; // the server answers every second at the latest
const RETRY_MS = 300;
const OFF = { tone: "desk", sign: "not_running" };

const lane = document.getElementById("lane");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
let failingSince = null;

function show({ tone, sign }) {
  const next = document.getElementById(`sign-${sign}`);
  if (!next) return show(OFF); // a newer server: reload for its signs
  if (lane.dataset.sign !== sign) lane.replaceChildren(next.content.cloneNode(true));
  lane.dataset.sign = sign;
  lane.dataset.tone = tone;
}

async function ask() {
  const { tone, sign } = lane.dataset;
  const answer = await fetch(`${document.body.dataset.base}/lane/sign?${new URLSearchParams({ tone, sign })}`, {
    signal: AbortSignal.timeout(SILENT_AFTER_MS),
    cache: "no-store",
  });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function follow() {
  for (;;) {
    try {
      show(await ask());
      failingSince = null;
    } catch {
      failingSince ??= performance.now();
      if (performance.now() - failingSince >= SILENT_AFTER_MS / 2) show(OFF);
      await pause(RETRY_MS);
    }
  }
}

follow();
