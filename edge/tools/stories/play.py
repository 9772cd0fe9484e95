"""Play a story from beginning to end, in as little real time as the gate's own work takes."""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from contract.chain import BrokenChain, verify
from contract.messages import AnyEvent
from edge.app.state_folders import JOURNAL
from edge.core.config import Config
from edge.sim import IndicatorRecord
from edge.storage.journal import JournalReader
from edge.tools.stories.film import Studio
from edge.tools.stories.line import StoryError
from edge.tools.stories.pins import Change, Span, normally_closed, releases
from edge.tools.stories.played_gate import Turns
from edge.tools.stories.stage import StoryStage
from edge.tools.stories.story import Story

MEMORY = Path("/dev/shm")
"""Folder of a story's journal, if the system has it. A story needs no lasting disk, and a gate's card wears."""


@dataclass(frozen=True, slots=True)
class PlayedStory:
    """Everything that came of a story; all times in seconds since its beginning."""

    story: Story
    config: Config
    ends_s: float
    events: tuple[tuple[float, AnyEvent], ...]
    shown: tuple[IndicatorRecord, ...]
    """`monotonic_s` counts from the story's beginning."""
    changes: tuple[Change, ...]
    contacts: tuple[tuple[float, str, Turns], ...]
    """What the story did to the inputs, by name, and when."""
    ended: tuple[tuple[float, str], ...]
    """When the gate process ended by itself, and why."""
    chain: str
    """What is wrong with the journal's hash chain; '' if nothing."""

    @property
    def relays(self) -> dict[str, list[Span]]:
        """When each relay was energised, by the name of its pin."""
        gate = self.config.gate
        pins = {key.removesuffix("_pin"): pin for key, pin in gate if key.startswith("relay") and key.endswith("_pin")}
        active = int(gate.relay_active_high)
        return {name: releases(list(self.changes), pin, active) for name, pin in pins.items() if pin is not None}

    @property
    def releases(self) -> list[Span]:
        """When any relay was energised, in order."""
        return sorted((span for spans in self.relays.values() for span in spans), key=lambda span: span.from_s)

    def active(self, name: str) -> list[Span]:
        """When an input was active: its contact closed, or open where it is a normally closed one (a door)."""
        inverted = name in normally_closed(self.config.gate)
        return self._contact(name, "off", "on") if inverted else self._contact(name, "on", "off")

    def _contact(self, name: str, begins: Turns, ends: Turns) -> list[Span]:
        found: list[Span] = []
        since: float | None = None
        for at_s, _, turns in (c for c in self.contacts if c[1] == name):
            if turns == "on and off":
                found.append(Span(at_s, at_s))
            elif turns == begins and since is None:
                since = at_s
            elif turns == ends and since is not None:
                found.append(Span(since, at_s))
                since = None
        return found if since is None else [*found, Span(since, None)]


def play(story: Story, studio: Studio | None = None) -> PlayedStory:
    """Play a story. Raises: StoryError if a line cannot be played; it names the line."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="sitegate-story-", dir=memory) as name:
        folder = Path(name)
        stage = StoryStage(story, folder, studio)
        try:
            _run(story, stage)
            ends_s, last_seq = stage.now_s, stage.seq
            changes = tuple(stage.pins.changes)
            shown = tuple(stage.indicator.history)
        finally:
            stage.close()
        return _played(story, stage, _read(folder, last_seq), ends_s, changes, shown)


def _run(story: Story, stage: StoryStage) -> None:
    waiting = list(story.timeline)
    while stage.now_s < story.ends_s:
        while waiting and waiting[0].at <= stage.now_s:
            step = waiting.pop(0)
            try:
                step.play(stage)
            except StoryError as error:
                raise StoryError(f"{story.title}: at {step.at:g} s: {error}") from error
        stage.turn()


def _read(folder: Path, last_seq: int) -> tuple[list[AnyEvent], str]:
    """Read the journal's events up to `last_seq`, and what is wrong with its chain."""
    reader = JournalReader(folder / JOURNAL)
    try:
        events = [e for e in reversed(reader.latest(1_000_000)) if e.seq <= last_seq]
        verify(reader.records(0, 1_000_000), *reader.base())
    except BrokenChain as error:
        return events, str(error)
    finally:
        reader.close()
    return events, ""


def _played(
    story: Story,
    stage: StoryStage,
    journal: tuple[list[AnyEvent], str],
    ends_s: float,
    changes: tuple[Change, ...],
    shown: tuple[IndicatorRecord, ...],
) -> PlayedStory:
    events, chain = journal
    begun_s = stage.begun_s
    return PlayedStory(
        story=story,
        config=stage.config,
        ends_s=ends_s,
        events=tuple((e.monotonic_ms / 1000 - begun_s, e) for e in events),
        shown=tuple(IndicatorRecord(s.monotonic_s - begun_s, s.tone, s.advice) for s in shown),
        changes=tuple(Change(c.at_s - begun_s, c.pin, c.function, c.level, c.seq) for c in changes),
        contacts=tuple(stage.contacts),
        ended=tuple(stage.ended),
        chain=chain,
    )
