"""What is tried when a gate is commissioned, one function per step. Each measures what it can and asks for the rest.

A step that finds a problem does not end the others: the technician sees everything that is wrong at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from contract.messages import Advice, CommissioningStep, LivenessVerdict, StepState
from edge.core.config import Config
from edge.core.domain import Face, Frame, GateSignal, Identification, Image, Sight, Tone
from edge.core.indication import Colour
from edge.core.ports import Camera, Clock, Gate, GateError, Indicator

WATCH_S = 3.0
"""Frames are counted, and brightness is averaged, for so long."""
FRAMES_MIN_PER_S = 8.0
SENSOR_WAIT_S = 30.0
FACE_WAIT_S = 20.0
PHOTO_WAIT_S = 20.0
"""So long a photo may be held up before it is recognised; the challenge then has its own time."""
LIT_MIN = 8.0
"""The lamp must make the picture at least so much brighter (grey values of 255), when it is dark enough to tell."""
DARK_ENOUGH = 120.0
POLL_S = 0.02


class Asker(Protocol):
    """The technician."""

    def say(self, text: str) -> None: ...

    def confirm(self, question: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Bench:
    """The opened parts of the gate under test. `detect` finds faces in a picture, `sleep` waits seconds."""

    config: Config
    camera: Camera
    gate: Gate
    indicator: Indicator
    clock: Clock
    detect: Callable[[Image], list[Face]]
    sleep: Callable[[float], None]
    identify: Callable[[Frame], Identification] | None = None
    """The gate's own recognition and liveness check; None: no worker is enrolled yet."""


Step = Callable[[Bench, Asker], CommissioningStep]


def run(steps: dict[str, Step], bench: Bench, asker: Asker) -> Iterator[CommissioningStep]:
    """Every step in order. A part that fails outright is a problem of its step, not the end."""
    for name, step in steps.items():
        try:
            yield step(bench, asker)
        except GateError as error:
            yield problem(name, str(error))


def problem(name: str, measured: str, seen: str = "") -> CommissioningStep:
    return CommissioningStep(name=name, state=StepState.PROBLEM, measured=measured[:500], seen=seen)


def verdict(name: str, good: bool, measured: str, seen: str = "") -> CommissioningStep:
    state = StepState.OK if good else StepState.PROBLEM
    return CommissioningStep(name=name, state=state, measured=measured[:500], seen=seen)


def not_fitted(name: str, key: str) -> CommissioningStep:
    return CommissioningStep(name=name, state=StepState.NOT_FITTED, measured=f"{key} is not set")


# --- Camera and light -----------------------------------------------------------------------------------


def camera(bench: Bench, asker: Asker) -> CommissioningStep:
    """Frames come fast enough, and a person in the lane is found, large enough and alone."""
    frames, until = 0, bench.clock.monotonic() + WATCH_S
    number = 0
    while bench.clock.monotonic() < until:
        frame = bench.camera.wait(number, 0.2)
        if frame is not None:
            number, frames = frame.number, frames + 1
    rate = frames / WATCH_S
    if frames == 0:
        return problem("camera", bench.camera.status().detail)
    asker.say("Stand in the lane where workers will stand, and look at the camera.")
    found = _face(bench, number)
    if found is None:
        return problem("camera", f"{rate:.0f} frames/s, but no face was found within {FACE_WAIT_S:.0f} s")
    eyes_px, least = found.eye_distance_px, bench.config.matcher.eye_distance_min_px
    measured = f"{rate:.0f} frames/s; eyes {eyes_px:.0f} px apart ({least} needed)"
    return verdict("camera", rate >= FRAMES_MIN_PER_S and eyes_px >= least, measured)


def _face(bench: Bench, number: int) -> Face | None:
    """The largest face, as soon as one is near enough; otherwise the best seen in time."""
    best: Face | None = None
    until = bench.clock.monotonic() + FACE_WAIT_S
    while bench.clock.monotonic() < until:
        frame = bench.camera.wait(number, 0.2)
        if frame is None:
            continue
        number = frame.number
        for face in bench.detect(frame.image):
            best = face if best is None or face.eye_distance_px > best.eye_distance_px else best
        if best is not None and best.eye_distance_px >= bench.config.matcher.eye_distance_min_px:
            return best
    return best


def photo(bench: Bench, asker: Asker) -> CommissioningStep:
    """A photo of an enrolled worker is held before the camera: what becomes of it stands on the certificate. With a mode that
    asks for no live person it is let in, which is no fault of a part: a liveness check is not fitted."""
    if bench.identify is None:
        return problem("photo", "no worker is enrolled here yet: commission again when the roster has come")
    asker.say(
        "Hold a photo of an enrolled worker, for example on a phone, where a face would be. Move it as the light tells."
    )
    named, live = _shown(bench, bench.identify)
    held = asker.confirm("Was it a photo that you held up, and no face of a person?")
    seen = f"a photo was held up: {_yes(held)}"
    if not named:
        return problem(
            "photo", f"no enrolled worker was recognised on it within {PHOTO_WAIT_S:.0f} s: hold it nearer", seen
        )
    mode = f'liveness.mode is "{bench.config.liveness.in_force}"'
    if not bench.config.liveness.must_be_live:
        measured = f"{mode}: the photo of {named} is let in ({live.value})"
        return CommissioningStep(name="photo", state=StepState.NOT_FITTED, measured=measured, seen=seen)
    if live is LivenessVerdict.LIVE:
        return problem("photo", f"{mode}: the photo of {named} was taken for a live person", seen)
    return verdict("photo", held, f"{mode}: the photo of {named} is refused ({live.value})", seen)


def _shown(bench: Bench, identify: Callable[[Frame], Identification]) -> tuple[str, LivenessVerdict]:
    """Whom the photo is recognised as, '' if nobody, and the last word on whether it lives."""
    must_be_live, number = bench.config.liveness.must_be_live, 0
    named, until = "", bench.clock.monotonic() + PHOTO_WAIT_S
    while bench.clock.monotonic() < until:
        frame = bench.camera.wait(number, 0.2)
        if frame is None:
            continue
        number = frame.number
        seen = identify(frame)
        if seen.challenge is not None:
            bench.indicator.show(Tone.ADJUST, seen.challenge)
        if seen.sight is not Sight.KNOWN or seen.candidate is None:
            continue
        if not named:
            named, until = seen.candidate.worker_id, until + bench.config.liveness.challenge_limit_ms / 1000
        if seen.challenge is None and (not must_be_live or seen.liveness is not LivenessVerdict.NOT_CHECKED):
            return named, seen.liveness
    return named, LivenessVerdict.DOUBTFUL if must_be_live and named else LivenessVerdict.NOT_CHECKED


def light(bench: Bench, asker: Asker) -> CommissioningStep:
    """The lamp makes the picture brighter."""
    if bench.config.indicator.fill_light_pin is None:
        return not_fitted("light", "indicator.fill_light_pin")
    bench.indicator.fill_light(False)
    without = _grey(bench)
    bench.indicator.fill_light(True)
    lit = _grey(bench)
    bench.indicator.fill_light(False)
    measured = f"mean grey {without:.0f} without the lamp, {lit:.0f} with it"
    if without > DARK_ENOUGH:  # daylight drowns it: only eyes can tell
        on = asker.confirm("Did the lamp beside the camera light up just now?")
        return verdict("light", on, f"{measured}; too bright here to measure it", f"lamp seen lit: {_yes(on)}")
    return verdict("light", lit - without >= LIT_MIN, measured)


def _grey(bench: Bench) -> float:
    bench.sleep(1.0)  # exposure settles
    frame = bench.camera.wait(0, 1.0)
    return float(np.mean(frame.image)) if frame is not None else 0.0


# --- Relay and sensors ----------------------------------------------------------------------------------


def relay(bench: Bench, asker: Asker) -> CommissioningStep:
    """One pulse: the relay is energised and falls back in time, and the turnstile really turned."""
    config = bench.config.gate
    if bench.gate.energised:
        return problem("relay", "the relay is energised before anything was asked of it")
    asker.say("The gate opens once now.")
    rose, lasted_s = _one_pulse(bench, config.pulse_max_ms / 1000 + 1)
    opened = asker.confirm("Could you pass the gate while it was open, and is it locked again?")
    measured = f"energised for {lasted_s * 1000:.0f} ms (set: {config.pulse_ms}, never over {config.pulse_max_ms})"
    fell = lasted_s * 1000 <= config.pulse_max_ms
    return verdict("relay", rose and fell and opened, measured, f"opened and locked again: {_yes(opened)}")


def _one_pulse(bench: Bench, patience_s: float) -> tuple[bool, float]:
    """Whether the relay rose, and for how many seconds it stayed so, at most `patience_s`."""
    start = bench.clock.monotonic()
    bench.gate.pulse()
    rose = bench.gate.energised
    while bench.gate.energised and bench.clock.monotonic() - start < patience_s:
        bench.sleep(POLL_S)
    lasted_s = bench.clock.monotonic() - start
    bench.gate.lock()
    return rose, lasted_s


def sensor(name: str, key: str, instruction: str, *wanted: GateSignal) -> Step:
    """A step that waits for an input to report each of `wanted`, in order."""

    def step(bench: Bench, asker: Asker) -> CommissioningStep:
        if getattr(bench.config.gate, key) is None:
            return not_fitted(name, f"gate.{key}")
        bench.gate.signals()
        asker.say(instruction)
        missing = _missing(bench, wanted)
        if missing is not None:
            return problem(
                name, f"{missing.value} was not reported within {SENSOR_WAIT_S:.0f} s: check wiring and gate.{key}"
            )
        return verdict(name, True, " and ".join(signal.value for signal in wanted) + " reported")

    return step


def fire(bench: Bench, asker: Asker) -> CommissioningStep:
    """The input is seen, and the gate opens without this computer."""
    wired = asker.confirm(
        "Trigger the fire panel with this computer switched off or unplugged from the relay: does the gate open?"
    )
    seen = f"opens without the computer: {_yes(wired)}"
    if bench.config.gate.fire_pin is None:
        return verdict("fire", wired, "gate.fire_pin is not set: nothing is recorded", seen)
    bench.gate.signals()
    asker.say("Now, with everything connected: trigger the fire panel, wait, and reset it.")
    missing = _missing(bench, (GateSignal.FIRE_ON, GateSignal.FIRE_OFF))
    if missing is not None:
        return problem(
            "fire", f"{missing.value} was not reported within {SENSOR_WAIT_S:.0f} s: check gate.fire_pin", seen
        )
    return verdict("fire", wired, "fire_on and fire_off reported", seen)


_SAME = {GateSignal.PASSED_IN: GateSignal.PASSED}


def _missing(bench: Bench, wanted: tuple[GateSignal, ...]) -> GateSignal | None:
    """The first of the signals that does not come, each within SENSOR_WAIT_S; None if all came, in order."""
    waiting: list[GateSignal] = []
    for signal in wanted:
        until = bench.clock.monotonic() + SENSOR_WAIT_S
        while signal not in waiting:
            if bench.clock.monotonic() >= until:
                return signal
            bench.sleep(POLL_S)
            # A sensor that knows the way says so: walking in is what was asked for.
            waiting += [_SAME.get(signal, signal) for signal in bench.gate.signals()]
        del waiting[: waiting.index(signal) + 1]
    return None


# --- Lamps and sound ------------------------------------------------------------------------------------


def lamps(bench: Bench, asker: Asker) -> CommissioningStep:
    """Each colour that is fitted is seen."""
    fitted = [colour for colour in Colour if getattr(bench.config.indicator, f"{colour.value}_pin") is not None]
    if not fitted:
        return not_fitted("lamps", "indicator.red_pin, green_pin and blue_pin")
    seen = []
    for tone, words in ((Tone.GO, "green"), (Tone.STOP, "red, flickering"), (Tone.IDLE, "blue")):
        if words.partition(",")[0] in fitted:
            bench.indicator.show(tone, None)
            seen.append((words, asker.confirm(f"Is the light {words}?")))
    return verdict(
        "lamps", all(good for _, good in seen), "", "; ".join(f"{words}: {_yes(good)}" for words, good in seen)
    )


def sound(bench: Bench, asker: Asker) -> CommissioningStep:
    """Beeps and voice are heard in the lane."""
    told = bench.config.indicator
    if told.buzzer_pin is None and told.voice_dir is None:
        return not_fitted("sound", "indicator.buzzer_pin and voice_dir")
    bench.indicator.show(Tone.IDLE, None)
    bench.indicator.show(Tone.DESK, Advice.SEE_DESK)
    heard = asker.confirm("Did you hear it, standing in the lane?")
    return verdict("sound", heard, "", f"heard: {_yes(heard)}")


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


STEPS: dict[str, Step] = {
    "camera": camera,
    "photo": photo,
    "light": light,
    "lamps": lamps,
    "sound": sound,
    "relay": relay,
    "passage sensor": sensor("passage sensor", "passage_pin", "Walk in through the gate once.", GateSignal.PASSED),
    "rotation": sensor("rotation", "rotation_pin", "Walk in through the gate once, slowly.", GateSignal.PASSED),
    "door": sensor(
        "door", "door_pin", "Open the door and close it again.", GateSignal.DOOR_OPENED, GateSignal.DOOR_CLOSED
    ),
    "exit button": sensor("exit button", "rex_pin", "Press the exit button.", GateSignal.REX),
    "tamper": sensor(
        "tamper", "tamper_pin", "Open the housing and close it again.", GateSignal.TAMPER, GateSignal.TAMPER_OVER
    ),
    "fire reset": sensor("fire reset", "reset_pin", "Turn the key switch that ends a fire release.", GateSignal.RESET),
    "fire": fire,
}
"""What needs a technician, in this order. Clock, disk, keys, weights, lists and broker are answered by `edge.tools.selfcheck`."""
