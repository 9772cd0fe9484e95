"""Check what must be true of every story, independent of its expected lines (docs/SAFETY.md)."""

from collections.abc import Iterator

from contract.messages import AccessEvent, AnyEvent, NoticeCode
from edge.tools.stories.expect import ExpectedNotice
from edge.tools.stories.pins import Span
from edge.tools.stories.play import PlayedStory
from edge.tools.stories.steps import RestartStep

SLACK_S = 0.3
"""Time for the gate to notice an input: one frame, or one check of a lost camera."""
LOCKED_AT_REST = "the relay is locked before anybody comes"
BOUNDED = "no release is longer than gate.pulse_max_ms, unless the fire panel asks for it"
GRANTED_FIRST = "the grant is on disk before the relay moves, unless fire or the exit button asks"
FIRE_WINS = "released for as long as the fire panel asks"
GOES_ON = "the gate process does not end by itself, unless the story says so"
CHAINED = "the journal's chain is whole"


def broken_invariants(played: PlayedStory) -> Iterator[tuple[float, str, str]]:
    """Yield (seconds, invariant, what broke it) for every broken invariant."""
    fires = played.active("fire")
    exits_s = [span.from_s for span in played.active("rex")]
    grants = sorted(event.seq for _, event in played.events if _grants(event))
    free = [span for span in played.releases if not any(_overlap(span, fire) for fire in fires)]
    unasked = 0
    for span in free:
        if span.from_s <= 0:
            yield 0.0, LOCKED_AT_REST, "it was energised from the beginning"
        held_s = (played.ends_s if span.until_s is None else span.until_s) - span.from_s
        if held_s > played.config.gate.pulse_max_ms / 1000 + 0.001:
            yield span.from_s, BOUNDED, f"{held_s:.2f} s"
        unasked += not any(0 <= span.from_s - at_s <= SLACK_S for at_s in exits_s)
        if sum(seq <= span.seq for seq in grants) < unasked:
            yield span.from_s, GRANTED_FIRST, "this release came before its grant"
    if not any(isinstance(step, RestartStep) for step in played.story.timeline):
        yield from _fought(played, fires)
    if not any(
        isinstance(line, ExpectedNotice) and line.notice is NoticeCode.GATE_STOPPED for line in played.story.expect
    ):
        yield from ((at_s, GOES_ON, why) for at_s, why in played.ended)
    if played.chain:
        yield played.ends_s, CHAINED, played.chain


def _fought(played: PlayedStory, fires: list[Span]) -> Iterator[tuple[float, str, str]]:
    for fire in fires:
        from_s, until_s = fire.from_s + SLACK_S, played.ends_s if fire.until_s is None else fire.until_s
        held = any(r.from_s <= from_s and (r.until_s is None or r.until_s >= until_s) for r in played.releases)
        if from_s < until_s and not held:
            yield from_s, FIRE_WINS, f"not from {from_s:.2f} s until {until_s:.2f} s"


def _grants(event: AnyEvent) -> bool:
    return isinstance(event, AccessEvent) and event.granted


def _overlap(a: Span, b: Span) -> bool:
    return (b.until_s is None or a.from_s <= b.until_s) and (a.until_s is None or b.from_s <= a.until_s)
