"""Presentation attacks in `sitegate evaluate`: measures and prints the error rates."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.terminal.console import Table
from edge.commands.common import out
from edge.core.config import LivenessConfig, MatcherConfig

if TYPE_CHECKING:
    from edge.matcher.liveness.passive import LiveScorer
    from edge.tools.evaluation.pad import PadResult, PresentationRate

NOISE = 0.015
"""Of each simulated landmark, in eye distances: about what the detector shows between frames."""
Progress = Callable[[str, int, int], None]
"""What is being done, how many are done, how many there are."""


def measure_pad(
    folder: Path,
    people: Sequence[Path],
    liveness: LivenessConfig,
    matcher: MatcherConfig,
    models_dir: Path,
    presentations: int,
    progress: Progress,
) -> "PadResult":
    """Measure the passive network, the challenge, and both together.

    The passive network sees photos of `people` and the folder's attacks, if its weight is installed. The challenge
    sees `presentations` simulated ones of each kind. Raises ModelError if the pack itself is missing or altered.
    """
    from edge.matcher import ModelError
    from edge.matcher.liveness.passive import open_passive
    from edge.tools.evaluation.pad import PadResult, both

    not_measured: str = ""
    passive: Sequence[PresentationRate] = []
    try:
        scorer = open_passive(matcher, models_dir)
    except ModelError as error:
        not_measured = str(error)
    else:
        passive = _on_photos(folder, people, scorer, liveness.passive_live_min, matcher, models_dir, progress)
    asking = liveness if liveness.must_be_live else liveness.model_copy(update={"mode": "required"})
    challenge = _simulated(asking, presentations, progress)
    return PadResult(
        liveness.passive_live_min, asking.in_force, not_measured, passive, challenge, both(challenge, passive)
    )


def _on_photos(
    folder: Path,
    people: Sequence[Path],
    scorer: "LiveScorer",
    live_min: float,
    matcher: MatcherConfig,
    models_dir: Path,
    progress: Progress,
) -> "Sequence[PresentationRate]":
    from edge.matcher import open_engine
    from edge.tools.evaluation.pad import find_attacks, live_score, passive_rates

    engine, attacks, scores = open_engine(matcher, models_dir), find_attacks(folder), []
    paths = [*people, *(attack.path for attack in attacks)]
    for done, path in enumerate(paths, start=1):
        scores.append(live_score(engine, scorer, path))
        progress("passive liveness", done, len(paths))
    species = [attack.species for attack in attacks]
    return passive_rates(scores[: len(people)], list(zip(species, scores[len(people) :], strict=True)), live_min)


def _simulated(liveness: LivenessConfig, presentations: int, progress: Progress) -> "Sequence[PresentationRate]":
    from edge.tools.evaluation import liveness_trials as trials
    from edge.tools.evaluation.pad import PresentationRate
    from edge.tools.evaluation.rates import Rate

    found = []
    for done, kind in enumerate(trials.KINDS if presentations else (), start=1):
        o = trials.run(kind, liveness, NOISE, presentations, seed=1)
        found.append(
            PresentationRate(o.kind, o.attack, Rate(o.error_rate, o.low, o.high, o.trials), o.attack or o.counted)
        )
        progress("simulated challenge", done, len(trials.KINDS))
    return found


def print_pad(pad: "PadResult") -> None:
    """Print the rates as tables, and the reason where the passive network has none."""
    title = "Photos held to the camera (ISO/IEC 30107-3)"
    table = Table("what judges", "presented", "number", "error", "rate", title=title)
    parts = {
        f"passive network, doubtful below {pad.live_min}": pad.passive,
        f"challenge, simulated, mode {pad.mode}": pad.challenge,
        "both, mode required, if independent": pad.together,
    }
    for what, rows in parts.items():
        for i, p in enumerate(rows):
            error = "APCER" if p.attack else "BPCER" if p.usual else "refused"
            rate = f"{p.rate.value:.1%} ({p.rate.low:.1%}-{p.rate.high:.1%})"
            table.add_row("" if i else what, p.name, str(p.rate.count), error, rate)
    out.print(table)
    if pad.not_measured:
        out.print(f"passive network: not measured; {pad.not_measured}", highlight=False, soft_wrap=True)
