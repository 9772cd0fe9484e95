"""Map each tone and advice to lights and sounds. Pure; the lamps and the loudspeaker follow it.

One man in twelve is colour-blind: every tone also has its own rhythm and sound.
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
"""Period in seconds: half of it on, half of it off."""
BEEP_S = 0.12
"""Length of a beep, and of the pause after it."""
KEY_TONE_S = 0.03
"""Length of the tone that answers a key of a PIN pad. Much shorter than a beep, and the same for every key."""
KEY_CLIP = "key.wav"
"""File of this tone, beside the folders of the languages."""


@dataclass(frozen=True, slots=True)
class Indication:
    """`colours`: LEDs that are on together (red and green look amber). `clip`: name of the spoken sentence, or None."""

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
"""Names of all spoken sentences; they equal those of the lane page's signs."""


def indication(tone: Tone, advice: Advice | None) -> Indication:
    """Return lights, beeps and the sentence for a tone and an advice."""
    shown = _TONES[tone]
    if tone is Tone.STOP or advice is None or advice is Advice.WAIT:
        return shown if tone is not Tone.ADJUST else Indication(shown.colours, shown.rhythm)
    return Indication(shown.colours, shown.rhythm, shown.beeps, advice.value)
