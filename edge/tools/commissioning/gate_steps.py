"""Try the gate: relay, contacts, fire panel, lamps and sound."""

from contract.messages import Advice, CommissioningStep
from edge.core.domain import GateSignal, Tone
from edge.core.indication import Colour
from edge.tools.commissioning.trial import (
    GateUnderTest,
    Step,
    TechnicianDialog,
    not_fitted,
    problem,
    step_result,
    yes_or_no,
)

SENSOR_WAIT_S = 30.0
POLL_S = 0.02


def relay(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Release once: the relay is energised and falls back in time, and the turnstile really turned."""
    config = tested.config.gate
    if config.is_terminal:
        return not_fitted("relay", "gate.output")
    if tested.gate.energised:
        return problem("relay", "the relay is energised before anything was asked of it")
    technician.say("The gate opens once now.")
    rose, lasted_s = _one_pulse(tested, config.pulse_max_ms / 1000 + 1)
    opened = technician.confirm("Could you pass the gate while it was open, and is it locked again?")
    measured = f"energised for {lasted_s * 1000:.0f} ms (set: {config.pulse_ms}, never over {config.pulse_max_ms})"
    fell = lasted_s * 1000 <= config.pulse_max_ms
    return step_result("relay", rose and fell and opened, measured, f"opened and locked again: {yes_or_no(opened)}")


def _one_pulse(tested: GateUnderTest, patience_s: float) -> tuple[bool, float]:
    """Release once. Returns whether the relay rose, and for how many seconds it stayed so, at most `patience_s`."""
    start = tested.clock.monotonic()
    tested.gate.pulse()
    rose = tested.gate.energised
    while tested.gate.energised and tested.clock.monotonic() - start < patience_s:
        tested.sleep(POLL_S)
    lasted_s = tested.clock.monotonic() - start
    tested.gate.lock()
    return rose, lasted_s


def sensor(name: str, key: str, instruction: str, *wanted: GateSignal) -> Step:
    """Make a step that waits for an input to report each of `wanted`, in order."""

    def step(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
        if getattr(tested.config.gate, key) is None:
            return not_fitted(name, f"gate.{key}")
        tested.gate.signals()
        technician.say(instruction)
        missing = _missing(tested, wanted)
        if missing is not None:
            return problem(
                name, f"{missing.value} was not reported within {SENSOR_WAIT_S:.0f} s: check wiring and gate.{key}"
            )
        return step_result(name, True, " and ".join(signal.value for signal in wanted) + " reported")

    return step


def fire(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Check that the fire input is seen, and that the gate opens without this computer."""
    if tested.config.gate.is_terminal:
        return not_fitted("fire", "gate.output")
    wired = technician.confirm(
        "Trigger the fire panel with this computer switched off or unplugged from the relay: does the gate open?"
    )
    seen = f"opens without the computer: {yes_or_no(wired)}"
    if tested.config.gate.fire_pin is None:
        return step_result("fire", wired, "gate.fire_pin is not set: nothing is recorded", seen)
    tested.gate.signals()
    technician.say("Now, with everything connected: trigger the fire panel, wait, and reset it.")
    missing = _missing(tested, (GateSignal.FIRE_ON, GateSignal.FIRE_OFF))
    if missing is not None:
        return problem(
            "fire", f"{missing.value} was not reported within {SENSOR_WAIT_S:.0f} s: check gate.fire_pin", seen
        )
    return step_result("fire", wired, "fire_on and fire_off reported", seen)


_SAME = {GateSignal.PASSED_IN: GateSignal.PASSED}


def _missing(tested: GateUnderTest, wanted: tuple[GateSignal, ...]) -> GateSignal | None:
    """Wait for the signals in order, each within SENSOR_WAIT_S. Returns the first that does not come, None if all
    came."""
    waiting: list[GateSignal] = []
    for signal in wanted:
        until = tested.clock.monotonic() + SENSOR_WAIT_S
        while signal not in waiting:
            if tested.clock.monotonic() >= until:
                return signal
            tested.sleep(POLL_S)
            # A sensor that knows the direction reports it; walking in was asked for.
            waiting += [_SAME.get(signal, signal) for signal in tested.gate.signals()]
        del waiting[: waiting.index(signal) + 1]
    return None


def lamps(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Check that each fitted colour is seen."""
    fitted = [colour for colour in Colour if getattr(tested.config.indicator, f"{colour.value}_pin") is not None]
    if not fitted:
        return not_fitted("lamps", "indicator.red_pin, green_pin and blue_pin")
    seen = []
    for tone, words in ((Tone.GO, "green"), (Tone.STOP, "red, flickering"), (Tone.IDLE, "blue")):
        if words.partition(",")[0] in fitted:
            tested.indicator.show(tone, None)
            seen.append((words, technician.confirm(f"Is the light {words}?")))
    return step_result(
        "lamps", all(good for _, good in seen), "", "; ".join(f"{words}: {yes_or_no(good)}" for words, good in seen)
    )


def sound(tested: GateUnderTest, technician: TechnicianDialog) -> CommissioningStep:
    """Check that beeps and voice are heard in the lane."""
    indicator = tested.config.indicator
    if indicator.buzzer_pin is None and indicator.voice_dir is None:
        return not_fitted("sound", "indicator.buzzer_pin and voice_dir")
    tested.indicator.show(Tone.IDLE, None)
    tested.indicator.show(Tone.DESK, Advice.SEE_DESK)
    heard = technician.confirm("Did you hear it, standing in the lane?")
    return step_result("sound", heard, "", f"heard: {yes_or_no(heard)}")
