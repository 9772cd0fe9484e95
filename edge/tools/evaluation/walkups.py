"""Play whole walk-ups through the gate's own matcher: the vote's error rates, not one frame's.

Each person is one walk-up of the simulator's film (edge/sim/film.py). A photo that was not enrolled comes nearer, with
sway, motion blur and noise, until the matcher has a result. Walk-ups of different people are independent, so intervals
are Wilson's.
"""

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import structlog

from common.processes import worker_pool
from edge.core.config import MatcherConfig
from edge.core.domain import Frame, Identification, Sight, Template
from edge.matcher import EnrolmentError, FaceMatcher, open_engine
from edge.matcher.engine.engine import nearest_to_middle
from edge.sim.film import Film
from edge.sim.walk_up_script import FilmPerson, Scene, WalkUpScript
from edge.system.photo_file import try_photo
from edge.tools.evaluation.conditions import CLEAR, CONDITIONS, Condition
from edge.tools.evaluation.photos import EvaluationError, EvaluationPhoto
from edge.tools.evaluation.wilson import wilson

SEED = 1
NOT_SEEN = "no_usable_face"
GLANCE_FRAMES = 3
Progress = Callable[[int, int], None]
Templates = Sequence[tuple[str, Template]]


@dataclass(frozen=True, slots=True)
class WalkUp:
    """A person on a photo comes to the gate; `enrolled`: from another photo.

    `glance`: the person stands there already and is judged by the first usable of GLANCE_FRAMES frames, without a vote.
    That is what a stream of many people allows.
    """

    person: str
    photo: Path
    enrolled: bool
    condition: str = CLEAR
    glance: bool = False


@dataclass(frozen=True, slots=True)
class WalkUpOutcome:
    """The matcher's first result: `sight` is "known", "unknown", or NOT_SEEN when the film ended without one.

    `right`: it named this person. `votes` are behind the result, `seconds` since the first usable frame.
    """

    walkup: WalkUp
    sight: str
    right: bool = False
    score: float = 0.0
    votes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """`errors` of `count`, with the 95 % interval."""

    value: float
    low: float
    high: float
    errors: int
    count: int

    @classmethod
    def of(cls, errors: int, count: int) -> "Share":
        return cls(errors / max(1, count), *wilson(errors, count), errors, count)


@dataclass(frozen=True, slots=True)
class VoteRates:
    """FNIR and FPIR of the results of walk-ups; `no_answer` of all of them. `wrong_name`: enrolled people taken for
    another.

    `votes` and `seconds` are the median and the 95th percentile over right results.
    """

    gallery: int
    threshold: float
    fnir: Share
    fpir: Share
    wrong_name: Share
    no_answer: Share
    votes: tuple[float, float]
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class WalkUpResults:
    """Every outcome, at a gallery of this many workers and its threshold."""

    gallery: int
    threshold: float
    outcomes: Sequence[WalkUpOutcome]

    def glances(self, condition: str) -> list[WalkUpOutcome]:
        return [o for o in self.outcomes if o.walkup.glance and o.walkup.condition == condition]


def play_all(
    photos: Sequence[EvaluationPhoto],
    config: MatcherConfig,
    models_dir: Path,
    count: int,
    workers: int,
    conditions: Sequence[str] = (),
    progress: Progress = lambda done, of: None,
) -> WalkUpResults:
    """Enrol everybody in people/ with two photos, then let `count` of them and `count` strangers walk up.

    The first usable photo is enrolled. The same people are also glanced at under each of `conditions`.

    Raises:
        EvaluationError: nobody can be enrolled, or nobody is left to walk up.
        ModelError: a weight is missing or altered.
    """
    config = config.model_copy(update={"threads": 1})
    people = _with_two_photos(photos)
    strangers = [photo for photo in photos if photo.stranger]
    # Spawned, not forked: a fork would copy locks that other threads of this process hold.
    done, total = 0, len(people)
    with worker_pool(workers, _start, (config, models_dir)) as pool:
        enrolled: dict[str, tuple[int, Template]] = {}
        for name, found in zip(people, pool.map(_enrolled, people.values(), chunksize=4), strict=True):
            if found is not None:
                enrolled[name] = found
            progress(done := done + 1, total)
        walkups = _drawn(people, enrolled, strangers, count, conditions)
        total += len(walkups)
        if not enrolled or not walkups:
            raise EvaluationError("nobody can be enrolled and walk up; people/<name> needs two usable photos")
        templates = [(name, template) for name, (_, template) in enrolled.items()]
    with worker_pool(workers, _start, (config, models_dir, templates)) as pool:
        outcomes = []
        for outcome in pool.map(_played, walkups, chunksize=2):
            outcomes.append(outcome)
            progress(done := done + 1, total)
        threshold = pool.submit(_threshold).result()
    progress(total, total)
    return WalkUpResults(len(enrolled), threshold, outcomes)


def _with_two_photos(photos: Sequence[EvaluationPhoto]) -> dict[str, list[Path]]:
    """The photos of each person in people/ who has two or more."""
    by_person: dict[str, list[Path]] = {}
    for photo in photos:
        if not photo.stranger:
            by_person.setdefault(photo.person, []).append(photo.path)
    return {name: paths for name, paths in by_person.items() if len(paths) > 1}


def vote_rates(played: WalkUpResults) -> VoteRates:
    """Compute the rates of the walk-ups; glances are left out."""
    outcomes = [outcome for outcome in played.outcomes if not outcome.walkup.glance]
    mated = [o for o in outcomes if o.walkup.enrolled and o.sight != NOT_SEEN]
    others = [o for o in outcomes if not o.walkup.enrolled and o.sight != NOT_SEEN]
    right = [o for o in mated if o.right]
    return VoteRates(
        gallery=played.gallery,
        threshold=played.threshold,
        fnir=Share.of(len(mated) - len(right), len(mated)),
        fpir=Share.of(sum(o.sight == Sight.KNOWN for o in others), len(others)),
        wrong_name=Share.of(sum(o.sight == Sight.KNOWN and not o.right for o in mated), len(mated)),
        no_answer=Share.of(sum(o.sight == NOT_SEEN for o in outcomes), len(outcomes)),
        votes=_median_and_p95([float(o.votes) for o in right]),
        seconds=_median_and_p95([o.seconds for o in right]),
    )


def play(matcher: FaceMatcher, walkup: WalkUp, condition: Condition, folder: Path) -> WalkUpOutcome:
    """Play one walk-up until the matcher's first result. `folder` holds the photo while the film is read."""
    photo = try_photo(walkup.photo)
    face = nearest_to_middle(matcher.engine.detect(photo), photo) if photo is not None else None
    if photo is None or face is None:
        return WalkUpOutcome(walkup, NOT_SEEN)
    path = folder / "photo.png"
    cv2.imwrite(str(path), condition.worn(photo, face) if condition.worn else photo)
    person = FilmPerson(photo_path=path, face=face.box, far_px=40)
    scene = Scene(name=walkup.person, people=(person,), gap_s=0, approach_s=1.5, stay_s=1.5, leave_s=0.1)
    film = Film(WalkUpScript(scenes=(scene,), tail_s=0, seed=SEED))
    path.unlink()
    first, last = 0, int(film.script.duration_s * film.script.rate_hz)
    if walkup.glance:
        first = int(scene.approach_s * film.script.rate_hz) + 1
        last = first + GLANCE_FRAMES
    for number in range(first, last):
        t_s = number / film.script.rate_hz
        frame = film.frame_at(t_s)
        seen = matcher.identify(Frame(condition.seen(frame) if condition.seen else frame, t_s, number))
        if seen.sight in (Sight.KNOWN, Sight.UNKNOWN):
            return _answered(walkup, seen, t_s)
    return WalkUpOutcome(walkup, NOT_SEEN)


def _answered(walkup: WalkUp, seen: Identification, at_s: float) -> WalkUpOutcome:
    known = seen.candidate if seen.sight is Sight.KNOWN else None
    return WalkUpOutcome(
        walkup=walkup,
        sight=seen.sight.value,
        right=known is not None and walkup.enrolled and known.worker_id == walkup.person,
        score=seen.candidate.score if seen.candidate else 0.0,
        votes=seen.frames,
        seconds=at_s - (at_s if seen.usable_since_s is None else seen.usable_since_s),
    )


def _drawn(
    people: Mapping[str, Sequence[Path]],
    enrolled: Mapping[str, tuple[int, Template]],
    strangers: Sequence[EvaluationPhoto],
    count: int,
    conditions: Sequence[str],
) -> list[WalkUp]:
    """Draw who walks up: once, the same people under each condition, with the photo after the enrolled one."""
    random = np.random.default_rng(SEED)
    able = [name for name in people if name in enrolled and enrolled[name][0] + 1 < len(people[name])]
    names = random.permutation(np.array(able, dtype=str))[:count].tolist()
    mated = [WalkUp(name, people[name][enrolled[name][0] + 1], True) for name in names]
    chosen = random.permutation(len(strangers))[:count]
    everybody = [*mated, *(WalkUp(strangers[i].person, strangers[i].path, False) for i in chosen)]
    return everybody + [replace(w, condition=name, glance=True) for name in conditions for w in everybody]


def _median_and_p95(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    median, p95 = np.percentile(values, (50, 95))
    return float(median), float(p95)


_make: Callable[[bool], FaceMatcher] | None = None
"""Set by `_start` in a worker process: makes a new matcher with the whole gallery, voting or not, per walk-up."""


def _start(config: MatcherConfig, models_dir: Path, templates: Templates = ()) -> None:
    global _make
    cv2.setNumThreads(1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # stdout is the result's
    engine = open_engine(config, models_dir)
    at_once = config.model_copy(update={"votes_needed": 1, "votes_window": 1})

    def make(voting: bool) -> FaceMatcher:
        matcher = FaceMatcher(engine, config if voting else at_once)
        if templates:
            matcher.load(templates)
        return matcher

    _make = make


def _matcher(voting: bool = True) -> FaceMatcher:
    assert _make is not None
    return _make(voting)


def _enrolled(paths: Sequence[Path]) -> tuple[int, Template] | None:
    """Find the first photo that enrolment accepts. Returns its place and its template."""
    matcher = _matcher()
    for place, path in enumerate(paths):
        photo = try_photo(path)
        try:
            if photo is not None:
                return place, matcher.enrol([photo])[0]
        except EnrolmentError:
            continue
    return None


def _played(walkup: WalkUp) -> WalkUpOutcome:
    with tempfile.TemporaryDirectory(prefix="sitegate-walkup-") as folder:
        return play(_matcher(not walkup.glance), walkup, CONDITIONS[walkup.condition], Path(folder))


def _threshold() -> float:
    return _matcher().threshold
