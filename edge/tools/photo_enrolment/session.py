"""Answer the requests of `sitegate-hq enroll`, one after the other."""

from pathlib import Path

import numpy as np

from common.photo_messages import FaceConflict, OwnedVector, PhotoAnswer, PhotoFile, PhotoRequest
from edge.core.config import MatcherConfig
from edge.core.domain import Template
from edge.matcher import EnrolmentError, FaceMatcher, ModelError, fetch_pack, load_manifest, open_matcher
from edge.matcher.enrolment.duplicate import find_conflicts
from edge.matcher.enrolment.request import sealed_template
from edge.matcher.enrolment.templates import same_person, template_from_photo
from edge.system.photo_file import PhotoError, decode_photo
from edge.system.pinned_packages import PackageError, cache_dir
from edge.tools.photo_enrolment.photo_source import PhotoSource, SourceError, open_source

_NOT_ONE = "the photos of this worker show different people: check them, and give photos of one person"


class PhotoSession:
    """Holds models, photos and templates between requests. `config`: as a gate without a configuration has it."""

    def __init__(self, config: MatcherConfig) -> None:
        self._config = config
        self._matcher: FaceMatcher | None = None
        self._source: PhotoSource | None = None
        self._held: list[tuple[str, Template]] = []
        self._new: dict[str, list[Template]] = {}

    def answer(self, request: PhotoRequest) -> PhotoAnswer:
        """Return the answer. Every fault of a photo, an archive or a weight is one, too."""
        try:
            return self._answer(request)
        except (EnrolmentError, ModelError, PackageError, PhotoError, SourceError) as error:
            return PhotoAnswer(problem=str(error))
        except MemoryError:
            return PhotoAnswer(problem="needs more memory than a photo may: save it smaller, as JPEG")

    def _answer(self, request: PhotoRequest) -> PhotoAnswer:
        if request.open_source is not None:
            self._source = open_source(Path(request.open_source))
            return PhotoAnswer(files=self._source.files)
        if request.open_models is not None or request.fetch is not None:
            return self._open_models(request.open_models or request.fetch or "", fetch=request.fetch is not None)
        if request.photo is not None:
            return self._template(request.photo)
        if request.forget:
            self._held, self._new = [], {}
        self._held += [(one.worker_id, _template(one)) for one in request.held]
        for one in request.new:
            self._new.setdefault(one.worker_id, []).append(_template(one))
        return PhotoAnswer(conflicts=self._compared() if request.compare else ())

    def _open_models(self, folder: str, *, fetch: bool) -> PhotoAnswer:
        models_dir = Path(folder) if folder else cache_dir() / "models"
        if fetch:
            fetch_pack(load_manifest().pack(self._config.pack), models_dir)
        self._matcher = open_matcher(self._config, models_dir)
        return PhotoAnswer(model_id=self._matcher.model_id)

    def _template(self, photo: PhotoFile) -> PhotoAnswer:
        if self._source is None or self._matcher is None:
            raise SourceError("no photos or no models were opened")
        if photo.number >= len(self._source.files) or self._source.files[photo.number].name != photo.name:
            raise PhotoError("is not there any more: the folder changed meanwhile, begin again")
        image = decode_photo(self._source.read(photo.number))
        template = sealed_template(template_from_photo(self._matcher.engine, self._config, image))
        return PhotoAnswer(model_id=template.model_id, vector=template.vector)

    def _compared(self) -> tuple[FaceConflict, ...]:
        if self._matcher is None:
            raise SourceError("no models were opened")
        engine, new = self._matcher.engine, self._new
        self._new = {}
        mixed = [who for who, all_ in new.items() if not all(same_person(engine, all_[0], t) for t in all_[1:])]
        found = find_conflicts(self._matcher, self._held, {who: new[who] for who in new if who not in mixed})
        conflicts = [FaceConflict(worker_id=who, problem=_NOT_ONE, other_id=who) for who in mixed]
        return (
            *conflicts,
            *(FaceConflict(worker_id=who, problem=str(what), other_id=what.worker_id) for who, what in found.items()),
        )


def _template(one: OwnedVector) -> Template:
    return Template(np.frombuffer(one.vector, "<f2").astype(np.float32), one.model_id)
