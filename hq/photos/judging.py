"""Make templates of assigned photos, and find out which of them may count."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from common.photo_messages import OwnedVector
from contract.messages import SealedTemplate
from hq.photos.assignment import AssignedPhoto, PhotoProblem
from hq.photos.matcher_process import PhotoMatcher
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.photo_enrolments import ConsentState, PhotoEnrolment

PHOTOS_MAX = 10
"""Of one worker. More add nothing, and somebody named a whole folder after a worker."""
_PIECE = 1_000
"""Templates in one message to the process."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Consents that come with the photos: of single workers, and one for all others; "" is none."""

    of_worker: Mapping[str, str] = field(default_factory=dict)
    for_all: str = ""

    def of(self, worker_id: str) -> tuple[str, bool]:
        """Return the consent that is offered for a worker, and whether it is the one for all."""
        own = self.of_worker.get(worker_id, "")
        return (own, False) if own else (self.for_all, True)


@dataclass(slots=True)
class JudgedPhotos:
    """What became of the photos. `already`: workers who are enrolled, and whose photos are not needed."""

    enrolments: list[PhotoEnrolment] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    problems: list[PhotoProblem] = field(default_factory=list)
    already: list[str] = field(default_factory=list)


def wanted_photos(
    photos: Iterable[AssignedPhoto], states: Mapping[str, ConsentState], offers: Offers, *, replace: bool
) -> tuple[list[AssignedPhoto], JudgedPhotos]:
    """Choose the photos of workers with a consent who are not enrolled yet. Pure."""
    judged, wanted = JudgedPhotos(), []
    by_worker: dict[str, list[AssignedPhoto]] = {}
    for photo in photos:
        by_worker.setdefault(photo.worker_id, []).append(photo)
    for worker_id, own in by_worker.items():
        state = states[worker_id]
        if state.enrolled and not replace:
            judged.already.append(worker_id)
            continue
        offered, for_all = offers.of(worker_id)
        try:
            if len(own) > PHOTOS_MAX:
                raise EnrolmentRefused(f"there are {len(own)} photos, at most {PHOTOS_MAX} are read: choose the best")
            state.consent(offered, for_all=for_all)
        except EnrolmentRefused as error:
            judged.problems.append(PhotoProblem("", worker_id, str(error)))
        else:
            wanted += own
    return wanted, judged


def judge(
    matcher: PhotoMatcher,
    wanted: Sequence[AssignedPhoto],
    held: Iterator[tuple[str, SealedTemplate]],
    offers: Offers,
    accepted: Collection[str],
    why: str,
    judged: JudgedPhotos,
    report: Callable[[int], None] = lambda done: None,
) -> None:
    """Read the photos, compare all faces, and add the outcome to `judged`. Raises MatcherFault.

    `accepted`: workers who are enrolled although the comparison speaks against it, and `why`.
    """
    new: dict[str, list[SealedTemplate]] = {}
    for done, photo in enumerate(wanted, start=1):
        answer = matcher.template(photo.file)
        if answer.vector is None:
            judged.problems.append(PhotoProblem(photo.file.name, photo.worker_id, answer.problem))
        else:
            template = SealedTemplate(model_id=answer.model_id, vector=answer.vector)
            new.setdefault(photo.worker_id, []).append(template)
            judged.files.setdefault(photo.worker_id, []).append(photo.file.name)
        report(done)
    refused = _conflicts(matcher, held, new) if new else {}
    for worker_id, templates in new.items():
        problem = refused.get(worker_id, "")
        if problem and worker_id not in accepted:
            hint = f"; if it is right all the same: --accept {worker_id} --why WHY"
            judged.problems.append(PhotoProblem("", worker_id, problem + hint))
            continue
        offered, for_all = offers.of(worker_id)
        reason = f"{problem}; {why}" if problem else ""
        judged.enrolments.append(PhotoEnrolment(worker_id, offered, for_all, tuple(templates), reason))


def _conflicts(
    matcher: PhotoMatcher, held: Iterator[tuple[str, SealedTemplate]], new: Mapping[str, Sequence[SealedTemplate]]
) -> dict[str, str]:
    vectors = [_vector(worker_id, one) for worker_id, all_ in new.items() for one in all_]
    return {found.worker_id: found.problem for found in matcher.conflicts(_pieces(held), vectors)}


def _pieces(held: Iterator[tuple[str, SealedTemplate]]) -> Iterator[list[OwnedVector]]:
    piece: list[OwnedVector] = []
    for worker_id, template in held:
        piece.append(_vector(worker_id, template))
        if len(piece) == _PIECE:
            yield piece
            piece = []
    yield piece


def _vector(worker_id: str, template: SealedTemplate) -> OwnedVector:
    return OwnedVector(worker_id=worker_id, model_id=template.model_id, vector=template.vector)
