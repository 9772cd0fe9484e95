"""Compare what was expected of a story with what came of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from contract.messages import (
    AccessEvent,
    AnyEvent,
    ClockEvent,
    CommissioningEvent,
    EnrolmentEvent,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    TrainingEvent,
)
from edge.tools.stories.expect import EVENT, LANE, RELAY, ExpectedLane, ExpectedLine, ExpectedNotice, ExpectedRelease
from edge.tools.stories.invariants import broken_invariants
from edge.tools.stories.play import PlayedStory

HOUSEKEEPING = {NoticeCode.GATE_STARTED, NoticeCode.GATE_STOPPED, NoticeCode.LIST_APPLIED}
"""Notices that are left out, unless a story expects one of the kind."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened, in the words of `edge.tools.stories.expect`."""

    row: str
    at_s: float
    headline: str
    details: dict[str, Any]
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One line of the table: `problem` is '' where both sides agree."""

    at_s: float
    row: str
    expected: str
    got: str
    problem: str = ""


def compare(played: PlayedStory) -> list[ComparisonRow]:
    """Make all rows in order of time, and one for every invariant that was broken."""
    expected, got = played.story.expect, happened(played)
    rows = [row for name in _rows_of(expected) for row in _side_by_side(name, expected, got)]
    rows += [
        ComparisonRow(at_s, "promise", promise, "broken", problem)
        for at_s, promise, problem in broken_invariants(played)
    ]
    return sorted(rows, key=lambda row: row.at_s)


def happened(played: PlayedStory) -> list[Happened]:
    """Collect everything that is compared."""
    wanted = {line.notice for line in played.story.expect if isinstance(line, ExpectedNotice)}
    events = [
        Happened(EVENT, at_s, *_event(event)) for at_s, event in played.events if not _housekeeping(event, wanted)
    ]
    relay = [
        Happened(RELAY, span.from_s, f"{name} released", {}, span.until_s)
        for name, spans in played.relays.items()
        for span in spans
    ]
    lane = [
        Happened(LANE, s.monotonic_s, f"lane {s.tone}" + (f": {s.advice}" if s.advice else ""), {})
        for s in played.shown
    ]
    return events + relay + lane


def _rows_of(expected: Sequence[ExpectedLine]) -> list[str]:
    return [EVENT, RELAY] + ([LANE] if any(isinstance(line, ExpectedLane) for line in expected) else [])


def _side_by_side(name: str, expected: Sequence[ExpectedLine], got: Sequence[Happened]) -> Iterator[ComparisonRow]:
    wanted, had = [e for e in expected if e.row == name], [g for g in got if g.row == name]
    if name == RELAY:  # several relays, each with its own order
        wanted, had = sorted(wanted, key=lambda e: e.headline), sorted(had, key=lambda g: g.headline)
    matcher = SequenceMatcher(None, [e.headline for e in wanted], [g.headline for g in had], autojunk=False)
    last_s = 0.0
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            for line, found in zip(wanted[i:i_end], had[j:j_end], strict=True):
                yield ComparisonRow(
                    found.at_s, name, words(line), _got_words(found), "; ".join(_differences(line, found))
                )
                last_s = found.at_s
            continue
        for line in wanted[i:i_end]:
            last_s = max(last_s, line.at or 0)
            yield ComparisonRow(last_s, name, words(line), "", "this did not happen")
        for found in had[j:j_end]:
            yield ComparisonRow(found.at_s, name, "", _got_words(found), "nobody expected this")


def _differences(line: ExpectedLine, got: Happened) -> Iterator[str]:
    at_s = line.released if isinstance(line, ExpectedRelease) else line.at
    if at_s is not None and abs(got.at_s - at_s) > line.within_s:
        yield f"at {got.at_s:.2f} s, expected at {at_s:g} s (± {line.within_s:g})"
    if isinstance(line, ExpectedRelease) and not _about(got.until_s, line.until, line.within_s):
        ends = "the end" if got.until_s is None else f"{got.until_s:.2f} s"
        yield f"until {ends}, expected until {'the end' if line.until is None else f'{line.until:g} s'}"
    for key, value in line.details.items():
        if not _fits(key, value, got.details.get(key)):
            yield f"{key} is {got.details.get(key)!r}, expected {value!r}"


def _about(got: float | None, wanted: float | None, within_s: float) -> bool:
    if got is None or wanted is None:
        return got is wanted
    return abs(got - wanted) <= within_s


def _fits(key: str, wanted: Any, got: Any) -> bool:
    if key == "detail":
        return str(wanted) in str(got)
    if key == "alerts":
        return all(any(text in alert for alert in got or ()) for text in wanted)
    if key == "factors":
        return sorted(wanted) == sorted(got or ())
    if isinstance(wanted, float) and isinstance(got, float):
        return abs(wanted - got) < 0.005
    return bool(wanted == got)


def _event(event: AnyEvent) -> tuple[str, dict[str, Any]]:
    details = event.model_dump(mode="json")
    details["worker"] = details.get("worker_id")
    match event:
        case AccessEvent():
            return f"decision {event.reason}", details
        case PassageEvent():
            return f"passage {event.outcome}", details
        case NoticeEvent():
            return f"notice {event.code}", details
        case EnrolmentEvent():
            return f"enrolled {event.worker_id}", details
        case CommissioningEvent():
            return f"commissioning {event.outcome}", details
        case TrainingEvent():
            return f"training {'proven' if event.proven else 'not proven'} {event.worker_id}", details
        case ClockEvent():
            return "clock set", details


def _housekeeping(event: AnyEvent, wanted: set[NoticeCode]) -> bool:
    return isinstance(event, ClockEvent) or (isinstance(event, NoticeEvent) and event.code in HOUSEKEEPING - wanted)


def words(line: ExpectedLine) -> str:
    """Describe an expected line in a few words."""
    details = line.details
    if isinstance(line, ExpectedRelease):
        return f"{line.headline} {line.released:g} s to {'the end' if line.until is None else f'{line.until:g} s'}"
    extra = [str(details[k]) for k in ("worker", "advice", "detail") if details.get(k)]
    return " · ".join([line.headline, *extra])


def _got_words(got: Happened) -> str:
    if got.row == RELAY:
        ends = "the end" if got.until_s is None else f"{got.until_s:.2f} s"
        return f"{got.headline} {got.at_s:.2f} s to {ends}"
    extra = [str(got.details[k]) for k in ("worker", "advice", "detail") if got.details.get(k)]
    return " · ".join([got.headline, *extra])


def explain(rows: Sequence[ComparisonRow]) -> str:
    """Describe the first difference in a sentence; '' if there is none."""
    row = next((row for row in rows if row.problem), None)
    if row is None:
        return ""
    if not row.got:
        return f"first difference, about {row.at_s:.1f} s: expected “{row.expected}”, but {row.problem}"
    if not row.expected:
        return f"first difference, at {row.at_s:.2f} s: “{row.got}”, but {row.problem}"
    return f"first difference, at {row.at_s:.2f} s: “{row.expected}”: {row.problem}"
