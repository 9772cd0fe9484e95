"""Measure presentation attack detection (ISO/IEC 30107-3): APCER by species of attack, BPCER of people.

Three results are reported. First the passive network on photos, one usable frame each. Then the challenge on simulated
presentations, supplied by the caller. Last, both together as mode "required" asks for. No data exist for that: it is
computed as if the two erred independently. Intervals are 95 %: the challenge's as its simulation gives them (Wilson),
the others Jeffreys'. A bootstrap of no error in six attacks would claim certainty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.matcher import FaceEngine
from edge.matcher.engine.engine import nearest_to_middle
from edge.matcher.liveness.passive import LiveScorer
from edge.system.photo_file import try_photo
from edge.tools.evaluation.photos import SUFFIXES
from edge.tools.evaluation.rates import Rate

PEOPLE = "people, one photo each"
ANY_ATTACK = "attack photos"
DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class PresentationRate:
    """One kind of presentation: APCER if it is an attack, else BPCER. `usual`: a person who does as asked, or an
    attack."""

    name: str
    attack: bool
    rate: Rate
    usual: bool = True


@dataclass(frozen=True, slots=True)
class PadResult:
    """`not_measured` says why there are no figures of the passive network, and what to do; "" if there are."""

    live_min: float
    mode: str
    not_measured: str
    passive: Sequence[PresentationRate]
    challenge: Sequence[PresentationRate]
    together: Sequence[PresentationRate]


@dataclass(frozen=True, slots=True)
class Attack:
    path: Path
    species: str


def find_attacks(folder: Path) -> list[Attack]:
    """Find photos of presentation attacks: attacks/<species>/*.jpg, or attacks/*.jpg if unsorted; perhaps none."""
    found = [Attack(path, ANY_ATTACK) for path in sorted((folder / "attacks").glob("*"))]
    found += [Attack(path, path.parent.name) for path in sorted((folder / "attacks").glob("*/*"))]
    return [attack for attack in found if attack.path.suffix.lower() in SUFFIXES]


def live_score(engine: FaceEngine, scorer: LiveScorer, path: Path) -> float | None:
    """Score 0-1 how live the face nearest to the middle looks; None without a picture or a face."""
    image = try_photo(path)
    if image is None:
        return None
    face = nearest_to_middle(engine.detect(image), image)
    return None if face is None else scorer.score(image, face)


def passive_rates(
    people: Sequence[float | None], attacks: Sequence[tuple[str, float | None]], live_min: float
) -> list[PresentationRate]:
    """Compute the rates of people, then of every species.

    Without a face nothing is checked and nothing passes. Such a photo of a person is left out; such an attack has
    failed.
    """
    scores = [score for score in people if score is not None]
    found = [PresentationRate(PEOPLE, False, proportion(sum(score < live_min for score in scores), len(scores)))]
    for species in sorted({name for name, _ in attacks}):
        of_it = [score for name, score in attacks if name == species]
        passed = sum(score is not None and score >= live_min for score in of_it)
        found.append(PresentationRate(species, True, proportion(passed, len(of_it))))
    return found


def both(challenge: Sequence[PresentationRate], passive: Sequence[PresentationRate]) -> list[PresentationRate]:
    """Combine every kind that met the challenge with the network.

    An attack is taken to be the species that passes the network most often; it must pass both. A person is refused by
    either.
    """
    species = [p for p in passive if p.attack and p.rate.count]
    worst = max(species, key=lambda p: p.rate.value, default=None)
    person = next((p for p in passive if not p.attack and p.rate.count), None)
    found = []
    for kind in challenge:
        other = worst if kind.attack else person
        if other is not None and kind.rate.count:
            found.append(
                PresentationRate(kind.name, kind.attack, _joined(kind.rate, other.rate, kind.attack), kind.usual)
            )
    return found


def proportion(errors: int, count: int) -> Rate:
    """Compute a share with Jeffreys' interval; 0 to 1 if nothing was counted."""
    if not count:
        return Rate(0.0, 0.0, 1.0, 0)
    low, high = np.percentile(_drawn(errors / count, count, 1), (2.5, 97.5))
    value = errors / count
    return Rate(value, float(low) if errors else 0.0, float(high) if errors < count else 1.0, count)


def _joined(a: Rate, b: Rate, attack: bool) -> Rate:
    drawn_a, drawn_b = _drawn(a.value, a.count, 1), _drawn(b.value, b.count, 2)
    drawn = drawn_a * drawn_b if attack else 1 - (1 - drawn_a) * (1 - drawn_b)
    value = a.value * b.value if attack else 1 - (1 - a.value) * (1 - b.value)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Rate(value, min(value, float(low)), max(value, float(high)), min(a.count, b.count))


def _drawn(share: float, count: int, seed: int) -> NDArray[np.float64]:
    """Draw possible true shares after `share` of `count` was seen: Beta(errors + 1/2, others + 1/2)."""
    errors = share * count
    return np.random.default_rng(seed).beta(errors + 0.5, count - errors + 0.5, DRAWS)
