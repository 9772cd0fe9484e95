"""Frame in, Identification out: the matcher the gate's loop talks to."""

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer

import structlog

from edge.core.config import LivenessConfig, MatcherConfig
from edge.core.domain import (
    Candidate,
    Face,
    Frame,
    Identification,
    Image,
    Incident,
    Recognition,
    Sight,
    Template,
    Vector,
)
from edge.core.ports import Clock, ScoreCountStore
from edge.core.templates import TemplateStore
from edge.matcher.approach import Approach, ApproachTracker
from edge.matcher.engine.engine import FRAME_EFFORT, FaceEngine, open_engine
from edge.matcher.engine.motion import MotionDetector
from edge.matcher.engine.quality import measure, objection
from edge.matcher.enrolment.templates import templates_from_photos
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.look_alikes import LookAlikeSurvey, look_alike_min, nearest_other
from edge.matcher.gallery.threshold import ThresholdChoice, choose_threshold, early_exit_min
from edge.matcher.liveness.challenge import LivenessCheck, NoLivenessCheck
from edge.matcher.liveness.combined import open_liveness
from edge.matcher.score_monitor.monitor import ScoreMonitor
from edge.matcher.vote import VoteResult, count_votes, early_result
from edge.system.memory_wiping import give_back, wiping

RIVAL_SIZE_MIN = 0.5
"""A second face at least this tall, compared with the largest, is in the lane too; a smaller one is behind it. Height and
not eye distance: a person beside the worker who looks away still counts."""
UNKNOWN_HOLD_S = 3.0
"""A person who stays is voted on afresh after so long: the first frames of a worker walking up can be poor ones."""
LET_GO_S = 1.0
"""So long after a gallery came into force its predecessor is gone, also from the caller's hands."""
OCCLUSION_HOLD_S = 1.5
"""Whoever was seen with something over the face is no stranger for so long, whatever the frames between look like."""
WHILE_TURNING = (Sight.TURNED_AWAY, Sight.LOOKING_UP, Sight.LOOKING_DOWN, Sight.BLURRED)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Searchable:
    """A gallery with everything that follows from it: what is replaced as one when a roster comes into force."""

    gallery: Gallery
    store: TemplateStore
    choice: ThresholdChoice
    look_alike_min: float
    survey: LookAlikeSurvey


class FaceMatcher:
    """Implements `edge.core.ports.Matcher`. Not thread-safe: one loop owns it."""

    def __init__(
        self,
        engine: FaceEngine,
        config: MatcherConfig,
        liveness: LivenessCheck | None = None,
        monitor: ScoreMonitor | None = None,
    ) -> None:
        self.engine = engine
        self.model_id = engine.model_id
        self._config = config
        self._motion = MotionDetector()
        self._tracker = ApproachTracker(config.approach_gap_ms / 1000)
        self._nearest_px = math.inf
        self._liveness = liveness or NoLivenessCheck()
        self._builder = ThreadPoolExecutor(1, "gallery")
        self._prepared_of: Sequence[tuple[str, Template]] | None = None
        self._preparation: Future[_Searchable] | None = None
        self._occluded = (0, 0.0)
        self._monitor = monitor
        self._use(self._searchable((), None))

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        """Replace the gallery at once, by the one that was prepared of these very templates if there is one. Templates of
        another model, and damaged ones, are left out and counted in the log."""
        ready = self._preparation.result() if self._prepared_of is templates and self._preparation else None
        with wiping():
            before = self._now
            self._use(ready or self._searchable(templates, before))
            self._prepared_of = self._preparation = ready = None
            before.gallery.wipe()
            del before
        size = self.gallery_size
        if len(templates) > size:
            _log.warning("templates_left_out", count=len(templates) - size, model_id=self.model_id)
        later = Timer(LET_GO_S, give_back)
        later.daemon = True
        later.start()
        _log.info("gallery_loaded", templates=size, threshold=round(self.threshold, 4))

    def prepare(self, templates: Sequence[tuple[str, Template]]) -> bool:
        """Start building the gallery of these templates beside the caller, who goes on looking at frames meanwhile. True
        once `load` of the same object takes no time (also if building failed: `load` then raises what went wrong)."""
        if self._prepared_of is not templates:
            if self._preparation is not None:
                self._preparation.cancel()  # a newer roster came first
            self._prepared_of = templates
            self._preparation = self._builder.submit(self._searchable, templates, self._now)
        return self._preparation is not None and self._preparation.done()

    def _searchable(self, templates: Sequence[tuple[str, Template]], now: "_Searchable | None") -> "_Searchable":
        """Everything that follows from these templates. `now`: what is in force, which may differ from it in little."""
        with wiping():
            return self._made(templates, now)

    def _made(self, templates: Sequence[tuple[str, Template]], now: "_Searchable | None") -> "_Searchable":
        pack, config, store = self.engine.pack, self._config, TemplateStore.of(templates)
        gallery = now.gallery.updated(now.store, store, self.model_id) if now else None
        gallery = gallery or Gallery.build(store, self.model_id, pack.embedder.dimension)
        choice = choose_threshold(pack.impostor_tail, gallery, config.fpir_target)
        if config.threshold is not None:
            choice = ThresholdChoice(config.threshold, choice.tail, "config")
        alike_min = look_alike_min(choice.tail, gallery.size, choice.threshold, config.fpir_target)
        return _Searchable(gallery, store, choice, alike_min, LookAlikeSurvey(gallery, alike_min))

    def _use(self, searchable: "_Searchable") -> None:
        self._now = searchable
        self._tracker.clear_votes()  # they were about another gallery
        if self._monitor is not None:
            self._monitor.gallery_changed(searchable.gallery.size, searchable.choice.threshold)
        self._look_alikes: dict[str, str | None] = {}

    @property
    def gallery_size(self) -> int:
        return self._now.gallery.templates

    @property
    def threshold(self) -> float:
        return self._now.choice.threshold + (self._monitor.applied if self._monitor else 0.0)

    @property
    def _early_exit_min(self) -> float:
        return early_exit_min(self._now.choice.tail, self.threshold, self._config.early_exit_rarity)

    @property
    def recognition(self) -> Recognition:
        """See `edge.core.ports.Matcher`."""
        now = self._now
        basis = Recognition(workers=now.gallery.size, fpir_target=self._config.fpir_target, tail=now.choice.source)
        return self._monitor.with_corrections(basis, now.choice.threshold) if self._monitor else basis

    def notices(self) -> list[Incident]:
        """See `edge.core.ports.Matcher`."""
        return self._monitor.notices() if self._monitor else []

    def search(self, vector: Vector) -> Candidate | None:
        """The best candidate in the gallery, at whatever score."""
        return self._now.gallery.search(vector)

    def survey(self) -> dict[str, Candidate] | None:
        """See `edge.core.ports.Matcher`. The decision does not wait for it: `identify` compares the recognised worker at once."""
        if not self._now.survey.done:
            self._now.survey.step()
        return self._now.survey.marked if self._now.survey.done else None

    def enrol(self, images: Sequence[Image]) -> list[Template]:
        """One template per photo of one person; see `edge.matcher.enrolment.templates`. Raises EnrolmentError."""
        return templates_from_photos(self.engine, self._config, images)

    def identify(self, frame: Frame) -> Identification:
        """What this frame and the ones before it say of the person in the lane."""
        seen = self._identify_frame(frame)
        if self._monitor is not None:
            self._monitor.add(seen)
        return seen

    def _identify_frame(self, frame: Frame) -> Identification:
        face, rivals = self._in_lane(self._faces(frame), frame.image.shape[1])
        self._nearest_px = face.eye_distance_px if face else math.inf
        if face is None:
            approach = self._tracker.no_face(frame.monotonic_s)
            return Identification(Sight.NOBODY, approach.number if approach else 0)
        if rivals:
            approach = self._tracker.add_face(face, frame.monotonic_s)
            approach.clear_votes()
            return self._unusable(Sight.MULTIPLE_FACES, approach)
        refined = self.engine.refine(frame.image, face, FRAME_EFFORT)
        aligned = self.engine.align_refined(frame.image, refined)
        quality = measure(refined, aligned)
        sight = objection(quality, self._config)
        if sight:
            seen = self._unusable(sight, self._tracker.add_face(face, frame.monotonic_s))
            return self._while_turning(seen, face, frame)
        vector = self.engine.embed(aligned, FRAME_EFFORT)
        if self.engine.vector_is_rotated(vector):
            return self._unusable(Sight.TILTED, self._tracker.add_face(face, frame.monotonic_s))
        approach = self._tracker.add_usable_face(face, vector, frame.monotonic_s)
        if quality.occluded:
            self._occluded = approach.number, frame.monotonic_s
        if not approach.in_doubt:  # another's face must not answer for this one
            self._liveness.add_frame(approach.number, frame.monotonic_s, face, frame.image)
        answered = approach.result
        seen = self._answer(approach, vector, frame.monotonic_s)
        if approach.result is not answered and approach.result and self.engine.image_is_rotated(frame.image, refined):
            approach.clear_frames()
            return self._unusable(Sight.TILTED, approach)
        if seen.sight is Sight.UNKNOWN and self._recently_occluded(approach, frame.monotonic_s):
            seen = replace(seen, sight=Sight.OCCLUDED)
            if not quality.occluded:  # the mask is off: a vote of bare frames, at once
                approach.restart_with(vector)
        return self._with_liveness(seen, frame.monotonic_s)

    def _recently_occluded(self, approach: Approach, now_s: float) -> bool:
        """Whoever wears a mask is told to take it off, never "not you"; also on the frames between that look bare."""
        number, covered_s = self._occluded
        return number == approach.number and now_s - covered_s < OCCLUSION_HOLD_S

    def _with_liveness(self, seen: Identification, now_s: float) -> Identification:
        found = self._liveness.result(seen.approach, now_s, seen.sight is Sight.KNOWN)
        return replace(seen, liveness=found.verdict, challenge=found.challenge)

    def _while_turning(self, seen: Identification, face: Face, frame: Frame) -> Identification:
        """Whoever was asked to turn is turned away and blurred for a moment: not told off for it. Nothing is decided on
        such a frame; the next usable one must again look like the person who was named."""
        if seen.sight not in WHILE_TURNING:
            return seen
        if seen.sight is Sight.TURNED_AWAY:
            self._liveness.add_frame(seen.approach, frame.monotonic_s, face, frame.image)
        return self._with_liveness(seen, frame.monotonic_s)

    def _faces(self, frame: Frame) -> list[Face]:
        """The faces of this frame; not searched for while nothing moves in an empty lane."""
        if not self._motion.should_search(frame.image, frame.monotonic_s):
            return []
        faces = self.faces_near(frame.image, self._nearest_px)
        self._motion.searched(not faces, frame.monotonic_s)
        return faces

    def faces_near(self, image: Image, nearest_px: float) -> list[Face]:
        """The faces of a frame. Beside somebody who was near in the last one, with `nearest_px` between the eyes (infinite:
        nobody was), it is enough to find whoever is usable and faces half as large as that one; and far faster."""
        if nearest_px == math.inf or not isinstance(self._liveness, NoLivenessCheck):
            return self.engine.detect(image)  # the liveness check, too, was measured with the points of a full search
        return self.engine.detect_large(image, min(self._config.eye_distance_min_px, RIVAL_SIZE_MIN * nearest_px))

    def _in_lane(self, faces: list[Face], width_px: int) -> tuple[Face | None, int]:
        """The largest face, and how many others are about as near. A face less tall than the smallest usable eye
        distance (a usable one is about 2.6 times as tall) is somebody passing by outside, and so is one whose middle
        lies beside the lane in the picture."""
        config = self._config
        # The picture's own edges cut nobody off: a face's middle may lie beyond them.
        left_px = config.lane_left * width_px if config.lane_left > 0 else -math.inf
        right_px = config.lane_right * width_px if config.lane_right < 1 else math.inf
        inside = [f for f in faces if left_px <= f.box[0] + f.box[2] / 2 <= right_px]
        near = [f for f in inside if f.box[3] >= config.eye_distance_min_px]
        near.sort(key=lambda f: f.box[3], reverse=True)
        if not near:
            return None, 0
        return near[0], sum(face.box[3] >= RIVAL_SIZE_MIN * near[0].box[3] for face in near[1:])

    def _unusable(self, sight: Sight, approach: Approach) -> Identification:
        return Identification(sight, approach.number, usable_since_s=approach.usable_since_s)

    def _answer(self, approach: Approach, vector: Vector, now_s: float) -> Identification:
        """Vote until the approach has its answer, then repeat it. Each vote is about all frames so far: measured, the
        frames' mean misses a worker far less often than the frames one by one (docs/ACCURACY.md). `vector`: this one."""
        if approach.in_doubt:
            return self._unusable(Sight.LOOKING, approach)
        last = approach.result
        if last and last.sight is Sight.UNKNOWN and now_s - approach.result_at_s >= UNKNOWN_HOLD_S:
            approach.clear_votes()
        if approach.result is None:
            approach.votes.append(self.search(approach.fused_template()))
            approach.frame_votes.append(self.search(vector))
            count = count_votes(approach.votes, self.threshold, self._config.votes_needed, self._config.votes_window)
            if count.sight is Sight.LOOKING:
                early = early_result(approach.frame_votes, approach.votes[-1], self.threshold, self._early_exit_min)
                count = early or count
            if count.sight is Sight.LOOKING:
                return self._identification(approach, count)
            approach.result, approach.result_at_s = count, now_s
            if self._monitor is not None and count.sight is Sight.KNOWN and count.candidate is not None:
                approach.runner_up = self._now.gallery.runner_up(approach.fused_template(), count.candidate.worker_id)
        return self._identification(approach, approach.result)

    def _look_alike(self, worker_id: str) -> str | None:
        """Whom this worker resembles too much; compared once per gallery."""
        if worker_id not in self._look_alikes:
            other = nearest_other(self._now.gallery, worker_id)
            self._look_alikes[worker_id] = (
                other.worker_id if other and other.score >= self._now.look_alike_min else None
            )
        return self._look_alikes[worker_id]

    def _identification(self, approach: Approach, count: VoteResult) -> Identification:
        known = count.candidate if count.sight is Sight.KNOWN else None
        return Identification(
            sight=count.sight,
            approach=approach.number,
            candidate=count.candidate,
            threshold=self.threshold,
            frames=count.frames,
            usable_since_s=approach.usable_since_s,
            look_alike=self._look_alike(known.worker_id) if known else None,
            runner_up=approach.runner_up if known else None,
        )


def open_matcher(
    config: MatcherConfig,
    models_dir: Path,
    liveness: LivenessConfig | None = None,
    scores: ScoreCountStore | None = None,
    clock: Clock | None = None,
) -> FaceMatcher:
    """A matcher with verified weights and an empty gallery; it counts scores if it gets a store and a clock.

    `liveness`: None where nobody is let in, at an enrolment or in an evaluation: it is neither checked nor warned of.

    Raises:
        ModelError: see `open_engine`.
    """
    engine = open_engine(config, models_dir)
    judge = NoLivenessCheck() if liveness is None else open_liveness(liveness, config, models_dir)
    monitor = None
    if scores is not None and clock is not None:
        monitor = ScoreMonitor(scores, clock, config, engine.model_id, engine.pack.impostor_tail.scale)
    return FaceMatcher(engine, config, judge, monitor)
