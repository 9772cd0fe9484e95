"""What lights up and what is heard for each thing the lane can be told. Pure; the lamps and the loudspeaker follow it.

Colour alone tells nothing to one man in twelve: every tone also has a rhythm of its own, and a sound.
"""

from dataclasses import dataclass
from enum import StrEnum

from contract.messages import Advice
from edge.core.domain import Tone


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Rhythm(StrEnum):
    STEADY = "steady"
    SLOW = "slow"
    """Once a second."""
    FAST = "fast"
    """Four times a second."""


PERIOD_S: dict[Rhythm, float] = {Rhythm.SLOW: 1.0, Rhythm.FAST: 0.25}
"""Half of it on, half of it off."""
BEEP_S = 0.12
"""Length of a beep, and of the pause after it."""


@dataclass(frozen=True, slots=True)
class Indication:
    """`colours`: the LEDs that are on together (red and green look amber). `clip`: name of the spoken sentence, or None."""

    colours: tuple[Colour, ...]
    rhythm: Rhythm
    beeps: int = 0
    clip: str | None = None


_TONES: dict[Tone, Indication] = {
    Tone.IDLE: Indication((Colour.BLUE,), Rhythm.STEADY),
    Tone.ADJUST: Indication((Colour.RED, Colour.GREEN), Rhythm.SLOW),
    Tone.GO: Indication((Colour.GREEN,), Rhythm.STEADY, beeps=1, clip=Advice.WALK_THROUGH.value),
    Tone.STOP: Indication((Colour.RED,), Rhythm.FAST, beeps=3, clip="stop"),
    Tone.DESK: Indication((Colour.RED, Colour.BLUE), Rhythm.SLOW, beeps=2, clip=Advice.SEE_DESK.value),
}

CLIPS: tuple[str, ...] = (*(advice.value for advice in Advice if advice is not Advice.WAIT), "stop")
"""Every sentence there is a clip for; the names are those of the lane page's signs."""


def indication(tone: Tone, advice: Advice | None) -> Indication:
    """Lights, beeps and the sentence for what the lane is told."""
    shown = _TONES[tone]
    if tone is Tone.STOP or advice is None or advice is Advice.WAIT:
        return shown if tone is not Tone.ADJUST else Indication(shown.colours, shown.rhythm)
    return Indication(shown.colours, shown.rhythm, shown.beeps, advice.value)
