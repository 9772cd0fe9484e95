"""Draw a story as a picture: people in view, the lane's display, relay, inputs, and what was recorded."""

import textwrap
from collections.abc import Iterator

from common.libraries import extra, loading
from contract.messages import (
    AccessEvent,
    Advice,
    AnyEvent,
    ClockEvent,
    CommissioningEvent,
    EnrolmentEvent,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
    TrainingEvent,
)
from edge.core.domain import Tone
from edge.screen.lane_view import Sign, StateSign
from edge.screen.translations import Texts, load_all
from edge.tools.stories.compare import HOUSEKEEPING, ComparisonRow
from edge.tools.stories.film import APPROACH_S, LEAVE_S
from edge.tools.stories.line import Step, StoryError
from edge.tools.stories.play import PlayedStory
from edge.tools.stories.steps import (
    NOBODY,
    STRANGER,
    ArmStep,
    DoorStep,
    PeopleStep,
    PersonStep,
    RestartStep,
    SensorStep,
    WalksUpStep,
)
from edge.tools.stories.timeline_sheet import FAINT, INK, RIGHT, WIDTH, Band, Mark, TimelineSheet, text_width

GOOD, BAD, CARE, CALM, QUIET = "#0a6b31", "#b3001b", "#8a5a00", "#1d4e79", "#5b6875"
_TONES: dict[Tone, tuple[str, str]] = {
    Tone.IDLE: ("#1d3b53", "#ffffff"),
    Tone.ADJUST: ("#f6ab00", "#17120a"),
    Tone.GO: ("#006b2d", "#ffffff"),
    Tone.STOP: ("#b3001b", "#ffffff"),
    Tone.DESK: ("#453a66", "#ffffff"),
}
"""The colours of the lane's own screen."""
_SIGNS: dict[Tone, Sign] = {Tone.IDLE: StateSign.READY, Tone.STOP: StateSign.STOP, Tone.GO: Advice.WALK_THROUGH}
_PEOPLE = ("#2b6a9e", "#7d4e95", "#20807a", "#a8602a", "#5d7a2b")
_STRANGER, _SEVERAL = "#4a4f57", "#6d4a4a"
_LINE = 165


def draw(played: PlayedStory, rows: list[ComparisonRow]) -> str:
    """Draw the SVG of a story that was played. What is not as expected is red."""
    texts = load_all()["en"]
    lines = textwrap.wrap(played.story.story, _LINE)
    sheet = TimelineSheet(played.ends_s, 74 + 21 * len(lines), f"{played.story.title}: timeline")
    _title(sheet, played, lines, sum(bool(row.problem) for row in rows))
    _switched_off(sheet, played)
    sheet.bands("In view", list(_views(played)))
    sheet.bands("Lane shows", list(_lane(played, texts)))
    for name, spans in played.relays.items():
        sheet.bands(_name(name), [_span(s.from_s, s.until_s, played, GOOD) for s in spans])
    for name in sorted({name for _, name, _ in played.contacts}):
        colour = BAD if name == "fire" else CALM
        sheet.bands(_name(name), [_span(s.from_s, s.until_s, played, colour) for s in played.active(name)], height=20)
    if happenings := list(_happenings(played)):
        sheet.marks("Happens", happenings)
    sheet.marks("On record", [Mark(at_s, *_event(e, texts)) for at_s, e in played.events if not _housekeeping(e)])
    if wrong := [Mark(row.at_s, _difference(row), BAD) for row in rows if row.problem]:
        sheet.marks("Not as expected", wrong)
    return sheet.finish()


def png(svg: str, width_px: int) -> bytes:
    """Render the picture as PNG. Its words need a font on this machine (Debian: fonts-dejavu-core).

    Raises StoryError without resvg-py.
    """
    with loading("resvg-py", extra("tools"), StoryError):
        import resvg_py
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width_px))


def _title(sheet: TimelineSheet, played: PlayedStory, lines: list[str], differences: int) -> None:
    sheet.text(24, 42, played.story.title, 25, INK, bold=True)
    for number, line in enumerate(lines):
        sheet.text(24, 70 + 21 * number, line, 15, FAINT)
    verdict = f"{differences} not as expected" if differences else "as expected"
    width = text_width(verdict, 14) + 20
    sheet.rect(WIDTH - RIGHT - width, 20, width, 28, BAD if differences else GOOD, radius=14)
    sheet.text(WIDTH - RIGHT - width / 2, 39, verdict, 14, "#ffffff", anchor="middle")


def _switched_off(sheet: TimelineSheet, played: PlayedStory) -> None:
    for step in played.story.timeline:
        if isinstance(step, RestartStep):
            sheet.shade(step.at, step.at + step.off_s)


def _views(played: PlayedStory) -> Iterator[Band]:
    """Show who is there, until the next line of this kind."""
    steps = [s for s in played.story.timeline if isinstance(s, PersonStep | PeopleStep)]
    ends = [*(s.at for s in steps[1:]), played.ends_s][: len(steps)]
    colours: dict[str, str] = {STRANGER: _STRANGER}
    for step, end_s in zip(steps, ends, strict=True):
        if isinstance(step, PeopleStep):
            yield Band(step.at, end_s, " and ".join(step.people), _SEVERAL)
        elif step.person != NOBODY:
            colour = colours.setdefault(step.person, _PEOPLE[(len(colours) - 1) % len(_PEOPLE)])
            yield Band(step.at, end_s, _seen(step), colour)
    for walk in (s for s in played.story.timeline if isinstance(s, WalksUpStep)):
        end_s = walk.at + APPROACH_S + walk.stay_s + LEAVE_S
        yield Band(walk.at, end_s, f"photo: {' and '.join(walk.walks_up)}", _PEOPLE[0])


def _seen(step: PersonStep) -> str:
    notes = [step.sight or "", f"like {step.look_alike}" if step.look_alike else "", step.asked or ""]
    notes += [step.liveness.value] if "liveness" in step.model_fields_set else []
    return ", ".join([step.person, *(note.replace("_", " ") for note in notes if note)])


def _lane(played: PlayedStory, texts: Texts) -> Iterator[Band]:
    shown = played.shown
    ends = [*(s.monotonic_s for s in shown[1:]), played.ends_s][: len(shown)]
    dark = [step.at for step in played.story.timeline if isinstance(step, RestartStep)]
    for state, next_s in zip(shown, ends, strict=True):
        end_s = min([next_s, *(at_s for at_s in dark if at_s >= state.monotonic_s)])
        colour, ink = _TONES[state.tone]
        yield Band(state.monotonic_s, end_s, texts.sign[_sign(state.tone, state.advice)], colour, ink)


def _sign(tone: Tone, advice: Advice | None) -> Sign:
    return advice if advice else _SIGNS.get(tone, Advice.WAIT)


def _span(from_s: float, until_s: float | None, played: PlayedStory, colour: str) -> Band:
    end_s = played.ends_s if until_s is None else until_s
    lasted = f"{end_s - from_s:.2f} s" if end_s > from_s else ""
    return Band(from_s, end_s, lasted + (" …" if until_s is None else ""), colour)


def _happenings(played: PlayedStory) -> Iterator[Mark]:
    """Show every line that no other row of the picture shows."""
    for step in played.story.timeline:
        if not isinstance(step, PersonStep | PeopleStep | WalksUpStep | SensorStep | DoorStep | ArmStep):
            yield Mark(step.at, _words(step), QUIET)


def _words(step: Step) -> str:
    """Write a step as in the file, without its time."""
    written = step.model_dump(mode="json", exclude={"at"}, exclude_unset=True)
    kind = step.kind()
    value, rest = _plain(written.pop(kind)), _plain(written)
    return f"{kind.replace('_', ' ')}: {value}" + (f" ({rest})" if rest else "")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")


def _housekeeping(event: AnyEvent) -> bool:
    return isinstance(event, NoticeEvent) and event.code in HOUSEKEEPING - {NoticeCode.GATE_STOPPED}


def _event(event: AnyEvent, texts: Texts) -> tuple[str, str]:
    """(words, colour)"""
    match event:
        case AccessEvent():
            colour = GOOD if event.granted else CARE if event.reason is Reason.LOW_QUALITY else BAD
            return _who(texts.reason[event.reason], event.worker_id), colour
        case PassageEvent():
            colour = CALM if event.outcome in (PassageOutcome.PASSED, PassageOutcome.NOT_TAKEN) else BAD
            return _who(texts.outcome[event.outcome], event.worker_id), colour
        case NoticeEvent():
            return texts.notice[event.code], BAD if event.code is NoticeCode.FIRE_ON else CARE
        case EnrolmentEvent():
            return _who("Enrolled", event.worker_id), CALM
        case CommissioningEvent():
            return f"Commissioning {event.outcome}", CALM
        case TrainingEvent():
            return _who("Training proven" if event.proven else "Training not proven", event.worker_id), CALM
        case ClockEvent():
            return "Clock set", CARE


def _who(what: str, worker_id: str | None) -> str:
    return f"{what}: {worker_id}" if worker_id else what


def _name(pin: str) -> str:
    return pin.replace("_", " ").capitalize()


def _difference(row: ComparisonRow) -> str:
    return f"{row.expected or row.got}: {row.problem}"
