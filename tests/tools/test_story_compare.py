"""What is called a difference, what is called a broken promise, and what the picture says; on a story as if played."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from contract.messages import AccessEvent, Advice, AnyEvent, Direction, NoticeCode, NoticeEvent, Reason
from edge.core.domain import Tone
from edge.sim import IndicatorRecord
from edge.tools.stories import expect
from edge.tools.stories.compare import compare, explain
from edge.tools.stories.expect import ExpectedLine
from edge.tools.stories.picture import draw, png
from edge.tools.stories.pins import Change, releases
from edge.tools.stories.play import PlayedStory
from edge.tools.stories.steps import PersonStep, SensorStep
from edge.tools.stories.story import Story, StoryWorker

RELAY = 17


def stamp(seq: int) -> dict[str, Any]:
    return {
        "gate_id": "gate-1", "site_id": "site-1", "epoch": "e", "seq": seq, "boot_id": "b",
        "utc": datetime(2026, 3, 2, 7, tzinfo=UTC), "monotonic_ms": 0, "clock_trusted": True,
    }  # fmt: skip


def granted(seq: int, worker_id: str = "w1") -> AnyEvent:
    return AccessEvent(
        **stamp(seq),
        reason=Reason.GRANTED,
        granted=True,
        advice=Advice.WALK_THROUGH,
        direction=Direction.IN,
        worker_id=worker_id,
    )


def notice(seq: int, code: NoticeCode) -> AnyEvent:
    return NoticeEvent(**stamp(seq), code=code)


def driven(*levels: tuple[float, int, int]) -> tuple[Change, ...]:
    """The relay's history: (seconds, level, newest event on disk), an output from the beginning."""
    return (
        Change(0, RELAY, "output", 0, 0),
        *(Change(at_s, RELAY, "output", level, seq) for at_s, level, seq in levels),
    )


def played(*lines: ExpectedLine, **changes: Any) -> PlayedStory:
    story = Story(
        title="A story",
        story="A worker is let in & walks <through>.",
        worker=(StoryWorker(id="w1"),),
        timeline=(PersonStep(at=1, person="w1"), SensorStep(at=1.5, sensor="passage")),
        expect=lines,
    )
    usual = PlayedStory(
        story=story,
        config=story.gate_config(Path("/nowhere")),
        ends_s=5,
        events=((1.2, granted(1)),),
        shown=(IndicatorRecord(1.2, Tone.GO, Advice.WALK_THROUGH),),
        changes=driven((1.2, 1, 1), (1.8, 0, 1)),
        contacts=((1.5, "passage", "on and off"),),
        ended=(),
        chain="",
    )
    return replace(usual, **changes)


GRANT = expect.ExpectedDecision(at=1.2, decision=Reason.GRANTED, worker="w1")
RELEASE = expect.ExpectedRelease(released=1.2, until=1.8)


def test_ok__what_was_expected_is_no_difference() -> None:
    rows = compare(played(GRANT, RELEASE))
    assert explain(rows) == ""
    assert [row.row for row in rows] == ["event", "relay"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (expect.ExpectedDecision(at=2.2, decision=Reason.GRANTED), "at 1.20 s, expected at 2.2 s (± 0.3)"),
        (expect.ExpectedDecision(decision=Reason.GRANTED, worker="w2"), "worker is 'w1', expected 'w2'"),
        (expect.ExpectedDecision(decision=Reason.GRANTED, advice=Advice.SEE_DESK), "advice is 'walk_through'"),
        (expect.ExpectedDecision(decision=Reason.GRANTED, detail="stale"), "detail is '', expected 'stale'"),
        (expect.ExpectedDecision(at=1.2, decision=Reason.UNKNOWN), "this did not happen"),
    ],
)
def test_fail__another_event_than_expected_is_told(line: ExpectedLine, told: str) -> None:
    assert told in explain(compare(played(line, RELEASE)))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (expect.ExpectedRelease(released=1.2, until=2.8), "until 1.80 s, expected until 2.8 s"),
        (expect.ExpectedRelease(released=1.2), "expected until the end"),
        (expect.ExpectedRelease(released=2.0, until=1.8), "at 1.20 s, expected at 2 s"),
    ],
)
def test_fail__another_release_than_expected_is_told(line: ExpectedLine, told: str) -> None:
    assert told in explain(compare(played(GRANT, line)))


def test_fail__what_nobody_expected_is_told() -> None:
    assert "“relay released 1.20 s to 1.80 s”, but nobody expected this" in explain(compare(played(GRANT)))
    assert "decision granted" in explain(compare(played(RELEASE)))
    more = ((1.2, granted(1)), (1.3, notice(2, NoticeCode.TAMPER)))
    assert "notice tamper" in explain(compare(played(GRANT, RELEASE, events=more)))


def test_ok__the_gates_own_housekeeping_counts_only_if_it_is_expected() -> None:
    events = ((0.0, notice(1, NoticeCode.GATE_STARTED)), (1.2, granted(2)))
    changes = driven((1.2, 1, 2), (1.8, 0, 2))
    assert not explain(compare(played(GRANT, RELEASE, events=events, changes=changes)))
    started = expect.ExpectedNotice(notice=NoticeCode.GATE_STARTED)
    assert not explain(compare(played(started, GRANT, RELEASE, events=events, changes=changes)))


def test_ok__the_lane_is_compared_only_if_the_story_speaks_of_it() -> None:
    lane = expect.ExpectedLane(lane=Tone.GO, says=Advice.WALK_THROUGH)
    assert not explain(compare(played(GRANT, RELEASE, lane)))
    other = expect.ExpectedLane(lane=Tone.STOP)
    assert "lane stop" in explain(compare(played(GRANT, RELEASE, other)))


def test_fail__broken_promises_are_told_whatever_the_story_expects() -> None:
    def first(**changes: Any) -> str:
        return explain([row for row in compare(played(GRANT, RELEASE, **changes)) if row.row == "promise"])

    assert "this release came before its grant" in first(changes=driven((1.2, 1, 0), (1.8, 0, 1)))
    assert "no release is longer" in first(changes=driven((1.2, 1, 1), (4.8, 0, 1)))
    assert "locked before anybody comes" in first(changes=driven((0, 1, 0), (0.1, 0, 0)))
    assert "at 3.00 s: “the grant is on disk before the relay moves, unless" in first(
        changes=driven((1.2, 1, 1), (1.8, 0, 1), (3, 1, 1), (3.5, 0, 1))
    )
    assert "released for as long as the fire panel asks" in first(contacts=((2.0, "fire", "on"),))
    assert "chain is whole" in first(chain="seq 3 follows 1")
    assert "does not end by itself" in first(ended=((2.0, "ValueError: x"),))
    held = driven((1.2, 1, 0), (4.8, 0, 0))
    assert (
        first(changes=held, contacts=((1.1, "fire", "on"), (4.7, "fire", "off"))) == ""
    )  # fire needs no grant, no bound


def test_ok__an_active_low_relays_unpowered_line_is_no_release_of_ours() -> None:
    low = [Change(0, RELAY, "input", 0, 0), Change(0, RELAY, "output", 0, 0), Change(0, RELAY, "output", 1, 0)]
    assert releases(low, RELAY, active=0) == []
    pulse = [*low, Change(1, RELAY, "output", 0, 1), Change(2, RELAY, "output", 1, 1)]
    assert [(r.from_s, r.until_s) for r in releases(pulse, RELAY, active=0)] == [(1, 2)]


def test_ok__the_picture_is_well_formed_and_says_what_happened() -> None:
    svg = draw(played(GRANT), compare(played(GRANT)))
    words = [e.text for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert "A worker is let in & walks <through>." in words
    assert {"In view", "w1", "Walk through", "Relay", "Passage", "Admitted: w1", "Not as expected"} <= set(words)
    assert "1 not as expected" in words
    assert png(svg, 900).startswith(b"\x89PNG")


def test_ok__the_same_story_gives_the_same_picture_byte_for_byte() -> None:
    assert draw(played(GRANT), compare(played(GRANT))) == draw(played(GRANT), compare(played(GRANT)))


def test_ok__words_that_would_overlap_stand_on_levels_of_their_own() -> None:
    crowd = tuple((1.2 + n / 100, notice(n + 2, NoticeCode.TAMPER)) for n in range(5))
    svg = draw(played(events=crowd), [])
    heights = [
        float(e.attrib["y"])
        for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
        if e.text == "Housing opened"
    ]
    assert len(set(heights)) == 5
