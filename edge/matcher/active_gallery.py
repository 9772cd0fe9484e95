"""The gallery in force, with everything that follows from it, and the next one while it is being built."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Timer

import structlog

from edge.core.config import MatcherConfig
from edge.core.domain import Candidate, Template
from edge.core.templates import TemplateStore
from edge.matcher.engine.engine import FaceEngine
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.look_alikes import LookAlikeSurvey, look_alike_min, nearest_other
from edge.matcher.gallery.threshold import ThresholdChoice, choose_threshold
from edge.system.memory_wiping import give_back, wiping

RELEASE_AFTER_S = 1.0
"""After so long the former gallery is gone, also from the caller's variables."""
Templates = Sequence[tuple[str, Template]]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SearchableGallery:
    """A gallery with threshold and look-alikes: replaced as one when a roster comes into force."""

    gallery: Gallery
    store: TemplateStore
    choice: ThresholdChoice
    look_alike_min: float
    survey: LookAlikeSurvey


class ActiveGallery:
    """Holds the gallery that probes are compared with. Not thread-safe: the loop that searches also loads."""

    def __init__(self, engine: FaceEngine, config: MatcherConfig) -> None:
        self._pack, self._model_id, self._config = engine.pack, engine.model_id, config
        self._builder = ThreadPoolExecutor(1, "gallery")
        self._prepared_of: Templates | None = None
        self._preparation: Future[SearchableGallery] | None = None
        self._look_alikes: dict[str, str | None] = {}
        self.now = self._build((), None)

    def load(self, templates: Templates) -> None:
        """Replace the gallery at once. Templates of another model, and damaged ones, are left out and logged.

        Takes the gallery that was prepared of these very templates, if there is one.
        """
        ready = self._preparation.result() if self._prepared_of is templates and self._preparation else None
        with wiping():
            before = self.now
            self.now = ready or self._build(templates, before)
            self._look_alikes = {}
            self._prepared_of = self._preparation = ready = None
            before.gallery.wipe()
            del before
        size = self.now.gallery.templates
        if len(templates) > size:
            _log.warning("templates_left_out", count=len(templates) - size, model_id=self._model_id)
        later = Timer(RELEASE_AFTER_S, give_back)
        later.daemon = True
        later.start()

    def prepare(self, templates: Templates) -> bool:
        """Start building the gallery of these templates in a thread. True once `load` of the same object takes no time.

        True also if building failed: `load` then raises the error.
        """
        if self._prepared_of is not templates:
            if self._preparation is not None:
                self._preparation.cancel()  # a newer roster came first
            self._prepared_of = templates
            self._preparation = self._builder.submit(self._build, templates, self.now)
        return self._preparation is not None and self._preparation.done()

    def survey(self) -> dict[str, Candidate] | None:
        """Take one step of the survey of look-alikes; None until it is complete."""
        if not self.now.survey.done:
            self.now.survey.step()
        return self.now.survey.marked if self.now.survey.done else None

    def look_alike(self, worker_id: str) -> str | None:
        """The worker whom this one resembles too much. Compared once per gallery."""
        if worker_id not in self._look_alikes:
            other = nearest_other(self.now.gallery, worker_id)
            too_near = other is not None and other.score >= self.now.look_alike_min
            self._look_alikes[worker_id] = other.worker_id if other and too_near else None
        return self._look_alikes[worker_id]

    def _build(self, templates: Templates, before: SearchableGallery | None) -> SearchableGallery:
        """Build everything that follows from these templates. `before` may differ from them in little."""
        with wiping():
            return self._made(templates, before)

    def _made(self, templates: Templates, before: SearchableGallery | None) -> SearchableGallery:
        config, store = self._config, TemplateStore.of(templates)
        gallery = before.gallery.updated(before.store, store, self._model_id) if before else None
        gallery = gallery or Gallery.build(store, self._model_id, self._pack.embedder.dimension)
        choice = choose_threshold(self._pack.impostor_tail, gallery, config.fpir_target)
        if config.threshold is not None:
            choice = ThresholdChoice(config.threshold, choice.tail, "config")
        alike_min = look_alike_min(choice.tail, gallery.size, choice.threshold, config.fpir_target)
        return SearchableGallery(gallery, store, choice, alike_min, LookAlikeSurvey(gallery, alike_min))
