"""Try the camera: frames, a face, a photo held up, the lamp."""

from collections.abc import Callable

import numpy as np

from contract.messages import CommissioningStep, LivenessVerdict, StepState
from edge.core.domain import Face, Frame, Identification, Sight, Tone
from edge.tools.commissioning.trial import GateUnderTest, TechnicianDialog, not_fitted, problem, step_result, yes_or_no

WATCH_S = 3.0
"""Frames are counted, and brightness is averaged, for this time."""
FRAMES_MIN_PER_S = 8.0
FACE_WAIT_S = 20.0
PHOTO_WAIT_S = 20.0
"""A photo may be held up for this long before it is recognised; the challenge then has its own time."""
LIT_MIN = 8.0
"""The lamp must make the picture at least this much brighter (grey values of 255), in sufficient darkness."""
DARK_ENOUGH = 120.0


def camera(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Check that frames come fast enough, and that one person in the lane is found, large enough."""
    frames, until = 0, tested.clock.monotonic() + WATCH_S
    number = 0
    while tested.clock.monotonic() < until:
        frame = tested.camera.wait(number, 0.2)
        if frame is not None:
            number, frames = frame.number, frames + 1
    rate = frames / WATCH_S
    if frames == 0:
        return problem("camera", tested.camera.status().detail)
    technician.say("Stand in the lane where workers will stand, and look at the camera.")
    found = _face(tested, number)
    if found is None:
        return problem("camera", f"{rate:.0f} frames/s, but no face was found within {FACE_WAIT_S:.0f} s")
    eyes_px, least = found.eye_distance_px, tested.config.matcher.eye_distance_min_px
    measured = f"{rate:.0f} frames/s; eyes {eyes_px:.0f} px apart ({least} needed)"
    return step_result("camera", rate >= FRAMES_MIN_PER_S and eyes_px >= least, measured)


def _face(tested: GateUnderTest, number: int) -> Face | None:
    """Find the largest face, as soon as one is near enough; otherwise the best one seen in time."""
    best: Face | None = None
    until = tested.clock.monotonic() + FACE_WAIT_S
    while tested.clock.monotonic() < until:
        frame = tested.camera.wait(number, 0.2)
        if frame is None:
            continue
        number = frame.number
        for face in tested.detect(frame.image):
            best = face if best is None or face.eye_distance_px > best.eye_distance_px else best
        if best is not None and best.eye_distance_px >= tested.config.matcher.eye_distance_min_px:
            return best
    return best


def photo(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Hold a photo of an enrolled worker before the camera. The outcome is stated on the certificate.

    With a mode that asks for no live person it is let in. That is not a fault of a part: a liveness check is not
    fitted.
    """
    if tested.identify is None:
        return problem("photo", "no worker is enrolled here yet: commission again when the roster has come")
    technician.say(
        "Hold a photo of an enrolled worker, for example on a phone, where a face would be. Move it as the light tells."
    )
    named, live = _shown(tested, tested.identify)
    held = technician.confirm("Was it a photo that you held up, and no face of a person?")
    seen = f"a photo was held up: {yes_or_no(held)}"
    if not named:
        return problem(
            "photo", f"no enrolled worker was recognised on it within {PHOTO_WAIT_S:.0f} s: hold it nearer", seen
        )
    mode = f'liveness.mode is "{tested.config.liveness.in_force}"'
    if not tested.config.liveness.must_be_live:
        measured = f"{mode}: the photo of {named} is let in ({live.value})"
        return CommissioningStep(name="photo", state=StepState.NOT_FITTED, measured=measured, seen=seen)
    if live is LivenessVerdict.LIVE:
        return problem("photo", f"{mode}: the photo of {named} was taken for a live person", seen)
    return step_result("photo", held, f"{mode}: the photo of {named} is refused ({live.value})", seen)


def _shown(tested: GateUnderTest, identify: Callable[[Frame], Identification]) -> tuple[str, LivenessVerdict]:
    """Return whom the photo is recognised as, '' if nobody, and the final liveness verdict."""
    must_be_live, number = tested.config.liveness.must_be_live, 0
    named, until = "", tested.clock.monotonic() + PHOTO_WAIT_S
    while tested.clock.monotonic() < until:
        frame = tested.camera.wait(number, 0.2)
        if frame is None:
            continue
        number = frame.number
        seen = identify(frame)
        if seen.challenge is not None:
            tested.indicator.show(Tone.ADJUST, seen.challenge)
        if seen.sight is not Sight.KNOWN or seen.candidate is None:
            continue
        if not named:
            named, until = seen.candidate.worker_id, until + tested.config.liveness.challenge_limit_ms / 1000
        if seen.challenge is None and (not must_be_live or seen.liveness is not LivenessVerdict.NOT_CHECKED):
            return named, seen.liveness
    return named, LivenessVerdict.DOUBTFUL if must_be_live and named else LivenessVerdict.NOT_CHECKED


def light(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Check that the lamp makes the picture brighter."""
    if tested.config.indicator.fill_light_pin is None:
        return not_fitted("light", "indicator.fill_light_pin")
    tested.indicator.fill_light(False)
    without = _grey(tested)
    tested.indicator.fill_light(True)
    lit = _grey(tested)
    tested.indicator.fill_light(False)
    measured = f"mean grey {without:.0f} without the lamp, {lit:.0f} with it"
    if without > DARK_ENOUGH:  # too bright to measure: only a person can see it
        on = technician.confirm("Did the lamp beside the camera light up just now?")
        return step_result("light", on, f"{measured}; too bright here to measure it", f"lamp seen lit: {yes_or_no(on)}")
    return step_result("light", lit - without >= LIT_MIN, measured)


def _grey(tested: GateUnderTest) -> float:
    tested.sleep(1.0)  # exposure settles
    frame = tested.camera.wait(0, 1.0)
    return float(np.mean(frame.image)) if frame is not None else 0.0
