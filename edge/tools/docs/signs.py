"""Make the table of what every decision shows, sounds and asks for, in docs/OPERATIONS.md.

`python -m edge.tools.docs.signs docs/OPERATIONS.md` renews it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from contract.messages import Advice, Reason
from edge.core.decision import RULES
from edge.core.domain import Decision, Tone
from edge.core.indication import Rhythm, indication
from edge.screen.translations import Texts, load_all
from edge.tools.docs.marks import renewed

MAKER = "edge.tools.docs.signs"
_RHYTHMS = {Rhythm.STEADY: "", Rhythm.SLOW: ", once a second", Rhythm.FAST: ", four times a second"}
_ADMITTED = {Reason.GRANTED, Reason.MANUAL_ADMIT, Reason.REMOTE_OPEN}


def table() -> str:
    """Write every next step with light, sound and sentences; then every reason with the site manager's action."""
    texts = load_all()
    return "\n".join([*_steps(texts), "", *_reasons(texts)])


def tone_of(advice: Advice) -> Tone:
    """The tone of a decision with this next step. Only a granted person is asked to walk through."""
    reason = Reason.GRANTED if advice is Advice.WALK_THROUGH else Reason.UNKNOWN
    return Decision(reason, advice).tone


def _steps(texts: dict[str, Texts]) -> Iterator[str]:
    named = [texts[code] for code in ("en", "zh")]
    yield "| next step, and its sign | light | beeps | " + " | ".join(t.name for t in named) + " |"
    yield "|---|---|---|" + "---|" * len(named)
    for advice in Advice:
        shown = indication(tone_of(advice), advice)
        light = " and ".join(shown.colours) + _RHYTHMS[shown.rhythm]
        said = " | ".join(t.sign[advice] for t in named)
        yield f"| `{advice.value}` | {light} | {shown.beeps or ''} | {said} |"


def _reasons(texts: dict[str, Texts]) -> Iterator[str]:
    steps: dict[Reason, list[str]] = {}
    for rule in RULES:
        for reason, advice in rule.refusals:
            if advice.value not in steps.setdefault(reason, []):
                steps[reason].append(advice.value)
    yield "| reason | next step in the lane | manager reads | and does |"
    yield "|---|---|---|---|"
    for reason in Reason:
        lane = "walk_through" if reason in _ADMITTED else ", ".join(steps.get(reason, ["see_desk"]))
        words = f"{texts['en'].reason[reason]}<br>{texts['zh'].reason[reason]}"
        todo = "" if reason in _ADMITTED else f"{texts['en'].todo[reason]}<br>{texts['zh'].todo[reason]}"
        yield f"| `{reason.value}` | {lane} | {words} | {todo} |"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8"), MAKER, table()), encoding="utf-8")
