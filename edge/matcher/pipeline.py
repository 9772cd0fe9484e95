"""Identify the person in a frame: the matcher that the gate's loop uses."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from edge.core.config import LivenessConfig, MatcherConfig
from edge.core.domain import (
    Candidate,
    Face,
    Frame,
    Identification,
    Image,
    Incident,
    QualityFault,
    Recognition,
    Sight,
    Template,
    Vector,
)
from edge.core.ports import Clock, ScoreCountStore
from edge.matcher.active_gallery import ActiveGallery
from edge.matcher.approach import Approach, ApproachTracker
from edge.matcher.engine.engine import FRAME_EFFORT, FaceEngine, open_engine
from edge.matcher.engine.motion import MotionDetector
from edge.matcher.engine.quality import (
    BLURRED,
    LOOKING_DOWN,
    LOOKING_UP,
    OCCLUDED,
    TILTED,
    TURNED_AWAY,
    measure,
    objection,
)
from edge.matcher.enrolment.templates import templates_from_photos
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.threshold import early_exit_min
from edge.matcher.liveness.challenge import LivenessCheck, NoLivenessCheck
from edge.matcher.liveness.combined import open_liveness
from edge.matcher.score_monitor.monitor import ScoreMonitor
from edge.matcher.vote import VoteResult, count_votes, early_result

RIVAL_SIZE_MIN = 0.5
"""A second face at least this tall, relative to the largest, is in the lane too. A smaller one is behind it.

Height and not eye distance: a person beside the worker who looks away still counts.
"""
UNKNOWN_HOLD_S = 3.0
"""After this long, an unknown person who stays is voted on again: a worker's first frames can be poor."""
OCCLUSION_HOLD_S = 1.5
"""For this long after an occluded frame, a person is not taken for a stranger, even on bare frames."""
WHILE_TURNING = (TURNED_AWAY, LOOKING_UP, LOOKING_DOWN, BLURRED)

_log = structlog.get_logger()


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
        self._active = ActiveGallery(engine, config)
        self._occluded = (0, 0.0)
        self._monitor = monitor
        self._gallery_changed()

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        """See `edge.core.ports.Matcher`. Takes the gallery that was prepared of these very templates, if there is
        one."""
        self._active.load(templates)
        self._gallery_changed()
        _log.info("gallery_loaded", templates=self.gallery_size, threshold=round(self.threshold, 4))

    def prepare(self, templates: Sequence[tuple[str, Template]]) -> bool:
        """Start building a gallery in a thread. True once `load` of the same templates takes no time."""
        return self._active.prepare(templates)

    def _gallery_changed(self) -> None:
        self._tracker.clear_votes()  # they were about another gallery
        if self._monitor is not None:
            now = self._active.now
            self._monitor.gallery_changed(now.gallery.size, now.choice.threshold)

    @property
    def gallery(self) -> Gallery:
        """The gallery in force."""
        return self._active.now.gallery

    @property
    def gallery_size(self) -> int:
        return self._active.now.gallery.templates

    @property
    def threshold(self) -> float:
        return self._active.now.choice.threshold + (self._monitor.applied if self._monitor else 0.0)

    @property
    def _early_exit_min(self) -> float:
        return early_exit_min(self._active.now.choice.tail, self.threshold, self._config.early_exit_rarity)

    @property
    def recognition(self) -> Recognition:
        """See `edge.core.ports.Matcher`."""
        now = self._active.now
        basis = Recognition(workers=now.gallery.size, fpir_target=self._config.fpir_target, tail=now.choice.source)
        return self._monitor.with_corrections(basis, now.choice.threshold) if self._monitor else basis

    def notices(self) -> list[Incident]:
        """See `edge.core.ports.Matcher`."""
        return self._monitor.notices() if self._monitor else []

    def search(self, vector: Vector) -> Candidate | None:
        """Find the best candidate in the gallery, at any score."""
        return self._active.now.gallery.search(vector)

    def survey(self) -> dict[str, Candidate] | None:
        """See `edge.core.ports.Matcher`. A decision does not wait for it: `identify` checks the recognised worker
        alone."""
        return self._active.survey()

    def enrol(self, images: Sequence[Image]) -> list[Template]:
        """Make one template per photo of one person; see `edge.matcher.enrolment.templates`. Raises EnrolmentError."""
        return templates_from_photos(self.engine, self._config, images)

    def identify(self, frame: Frame) -> Identification:
        """Identify the person in the lane from this frame and those before it."""
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
        fault = objection(quality, self._config)
        if fault:
            seen = self._unusable(fault, self._tracker.add_face(face, frame.monotonic_s))
            return self._while_turning(seen, face, frame)
        vector = self.engine.embed(aligned, FRAME_EFFORT)
        if self.engine.vector_is_rotated(vector):
            return self._unusable(TILTED, self._tracker.add_face(face, frame.monotonic_s))
        approach = self._tracker.add_usable_face(face, vector, frame.monotonic_s)
        if quality.occluded:
            self._occluded = approach.number, frame.monotonic_s
        if not approach.in_doubt:  # never feed another person's face to the liveness check
            self._liveness.add_frame(approach.number, frame.monotonic_s, face, frame.image)
        answered = approach.result
        seen = self._answer(approach, vector, frame.monotonic_s)
        if approach.result is not answered and approach.result and self.engine.image_is_rotated(frame.image, refined):
            approach.clear_frames()
            return self._unusable(TILTED, approach)
        if seen.sight is Sight.UNKNOWN and self._recently_occluded(approach, frame.monotonic_s):
            seen = replace(seen, sight=OCCLUDED)
            if not quality.occluded:  # the mask is off: start a vote of bare frames
                approach.restart_with(vector)
        return self._with_liveness(seen, frame.monotonic_s)

    def _recently_occluded(self, approach: Approach, now_s: float) -> bool:
        """True shortly after an occluded frame. A person with a mask is asked to take it off, never refused as
        unknown."""
        number, covered_s = self._occluded
        return number == approach.number and now_s - covered_s < OCCLUSION_HOLD_S

    def _with_liveness(self, seen: Identification, now_s: float) -> Identification:
        found = self._liveness.result(seen.approach, now_s, seen.sight is Sight.KNOWN)
        return replace(seen, liveness=found.verdict, challenge=found.challenge)

    def _while_turning(self, seen: Identification, face: Face, frame: Frame) -> Identification:
        """Accept turned and blurred frames while a challenge is being met, without correcting the person.

        Nothing is decided on such a frame. The next usable one must again match the person who was named.
        """
        if seen.sight not in WHILE_TURNING:
            return seen
        if seen.sight is TURNED_AWAY:
            self._liveness.add_frame(seen.approach, frame.monotonic_s, face, frame.image)
        return self._with_liveness(seen, frame.monotonic_s)

    def _faces(self, frame: Frame) -> list[Face]:
        """Find the faces of this frame. An empty lane without movement is not searched."""
        if not self._motion.should_search(frame.image, frame.monotonic_s):
            return []
        faces = self.faces_near(frame.image, self._nearest_px)
        self._motion.searched(not faces, frame.monotonic_s)
        return faces

    def faces_near(self, image: Image, nearest_px: float) -> list[Face]:
        """Find the faces of a frame, faster if somebody was near in the last one.

        `nearest_px` is that person's eye distance (infinite: nobody). Then only usable faces, and faces half as large
        as that one, are searched for.
        """
        if nearest_px == math.inf or not isinstance(self._liveness, NoLivenessCheck):
            return self.engine.detect(image)  # the liveness check, too, was measured with the points of a full search
        return self.engine.detect_large(image, min(self._config.eye_distance_min_px, RIVAL_SIZE_MIN * nearest_px))

    def _in_lane(self, faces: list[Face], width_px: int) -> tuple[Face | None, int]:
        """Choose the largest face in the lane, and count the others about as near.

        A face less tall than the smallest usable eye distance is a person passing by outside: a usable one is about 2.6
        times as tall. So is one whose middle lies beside the lane in the picture.
        """
        config = self._config
        # The picture's own edges exclude nobody: a face's middle may lie beyond them.
        left_px = config.lane_left * width_px if config.lane_left > 0 else -math.inf
        right_px = config.lane_right * width_px if config.lane_right < 1 else math.inf
        inside = [f for f in faces if left_px <= f.box[0] + f.box[2] / 2 <= right_px]
        near = [f for f in inside if f.box[3] >= config.eye_distance_min_px]
        near.sort(key=lambda f: f.box[3], reverse=True)
        if not near:
            return None, 0
        return near[0], sum(face.box[3] >= RIVAL_SIZE_MIN * near[0].box[3] for face in near[1:])

    def _unusable(self, sight: Sight | QualityFault, approach: Approach) -> Identification:
        return Identification(sight, approach.number, usable_since_s=approach.usable_since_s)

    def _answer(self, approach: Approach, vector: Vector, now_s: float) -> Identification:
        """Vote until the approach has its result, then repeat that. `vector` is this frame's.

        Each vote is about all frames so far. Measured, their mean misses a worker far less often than single frames
        (docs/ACCURACY.md).
        """
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
                approach.runner_up = self._active.now.gallery.runner_up(
                    approach.fused_template(), count.candidate.worker_id
                )
        return self._identification(approach, approach.result)

    def _identification(self, approach: Approach, count: VoteResult) -> Identification:
        known = count.candidate if count.sight is Sight.KNOWN else None
        return Identification(
            sight=count.sight,
            approach=approach.number,
            candidate=count.candidate,
            threshold=self.threshold,
            frames=count.frames,
            usable_since_s=approach.usable_since_s,
            look_alike=self._active.look_alike(known.worker_id) if known else None,
            runner_up=approach.runner_up if known else None,
        )


def open_matcher(
    config: MatcherConfig,
    models_dir: Path,
    liveness: LivenessConfig | None = None,
    scores: ScoreCountStore | None = None,
    clock: Clock | None = None,
) -> FaceMatcher:
    """Open a matcher with verified weights and an empty gallery. It counts scores if it gets a store and a clock.

    `liveness`: None where nobody is let in (enrolment, evaluation): liveness is neither checked nor warned of.
    Raises ModelError, see `open_engine`.
    """
    engine = open_engine(config, models_dir)
    judge = NoLivenessCheck() if liveness is None else open_liveness(liveness, config, models_dir)
    monitor = None
    if scores is not None and clock is not None:
        monitor = ScoreMonitor(scores, clock, config, engine.model_id, engine.pack.impostor_tail.scale)
    return FaceMatcher(engine, config, judge, monitor)
