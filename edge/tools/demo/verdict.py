"""Compare what the journal, the pins and HQ say with what the acts promised."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.messages import AccessEvent, AnyEvent, PassageEvent, PassageOutcome, TrainingEvent
from edge.core.config import GateConfig
from edge.tools.demo.cast import ACTS, FEBRUARY, PUPIL, Act


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """One row of the final table: what was promised, what happened."""

    title: str
    wanted: str
    got: str

    @property
    def ok(self) -> bool:
        return self.wanted == self.got


def acts(events: Sequence[AnyEvent], promised: Sequence[Act] = ACTS) -> list[VerdictLine]:
    """Make one line per act, in order, and one for each decision that was not promised."""
    decisions = [e for e in events if isinstance(e, AccessEvent)]
    lines = []
    for i, act in enumerate(promised):
        got = _outcome(decisions[i]) if i < len(decisions) else "nothing"
        lines.append(VerdictLine(act.title, _promise(act), got))
    lines += [VerdictLine("nobody", "nothing", _outcome(e)) for e in decisions[len(promised) :]]
    return lines


def february_acts(events: Sequence[AnyEvent]) -> list[VerdictLine]:
    """Judge what the gate did in the district's chapter: a line for each act, and one for the pupil."""
    pupil = PUPIL[0].worker_id
    others = [e for e in events if not (isinstance(e, AccessEvent) and e.worker_id == pupil)]
    return [*acts(others, FEBRUARY), _pupil([e for e in events if getattr(e, "worker_id", None) == pupil])]


def _pupil(events: Sequence[AnyEvent]) -> VerdictLine:
    """Check that the proof opened nothing, and that the pupil was let in after it."""
    said = []
    for event in events:
        if isinstance(event, TrainingEvent):
            said.append("proven" if event.proven else "not proven")
        elif isinstance(event, AccessEvent) and event.granted:
            said.append("let in")
    return VerdictLine("Worker C proves the course by code and face", "proven → let in", " → ".join(said) or "nothing")


def february(text: str) -> list[VerdictLine]:
    """Read the lines of JSON that the people side wrote: one per step."""
    steps = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    return [VerdictLine(step["title"], step["wanted"], step["got"]) for step in steps]


def passages(events: Sequence[AnyEvent]) -> VerdictLine:
    """Check that everyone who was let in also walked through, and nobody else."""
    granted = sum(isinstance(e, AccessEvent) and e.granted for e in events)
    passed = sum(isinstance(e, PassageEvent) and e.outcome is PassageOutcome.PASSED for e in events)
    return VerdictLine("Passages of those let in", f"{granted} passed", f"{passed} passed")


def pins(history: Path, config: GateConfig, events: Sequence[AnyEvent]) -> VerdictLine:
    """Check the relay's history: locked first and last, one bounded release per granted person, no other."""
    granted = sum(isinstance(e, AccessEvent) and e.granted for e in events)
    releases, problem = relay_releases(history, config)
    wanted = f"{granted} release(s), each within {config.pulse_max_ms} ms, locked at rest"
    if problem:
        return VerdictLine("Relay, from the pin history", wanted, problem)
    longest_ms = max((end - start for start, end in releases), default=0) * 1000
    if longest_ms > config.pulse_max_ms:
        return VerdictLine("Relay, from the pin history", wanted, f"a release of {longest_ms:.0f} ms")
    got = f"{len(releases)} release(s), each within {config.pulse_max_ms} ms, locked at rest"
    return VerdictLine("Relay, from the pin history", wanted, got)


def relay_releases(history: Path, config: GateConfig) -> tuple[list[tuple[float, float]], str]:
    """Read (start, end) of each release in monotonic seconds, and what is wrong with the history ('' if nothing).

    A process that dies releases its line, which the board's pull then holds locked. So the first line of the next
    process ends a release of the former one.
    """
    released = int(config.relay_active_high)
    found: list[tuple[float, float]] = []
    start: float | None = None
    pid = 0
    for text in history.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["pin"] != f"GPIO{config.relay_pin}":
            continue
        if line["pid"] != pid:
            pid, start = line["pid"], None
            if line["function"] == "output" and line["level"] == released and config.relay_active_high:
                return found, "released at start"
        is_released = line["function"] == "output" and line["level"] == released
        if is_released and start is None:
            start = line["monotonic_s"]
        elif not is_released and start is not None:
            found.append((start, line["monotonic_s"]))
            start = None
    return found, "left released" if start is not None else ""


def _promise(act: Act) -> str:
    return _text(act.reason.value, act.advice.value, act.worker_id)


def _outcome(event: AccessEvent) -> str:
    return _text(event.reason.value, event.advice.value, event.worker_id)


def _text(reason: str, advice: str, worker_id: str | None) -> str:
    return f"{reason}{' ' + worker_id if worker_id else ''} → {advice}"
