"""Measure recognition with helmets, masks and glasses: people enrolled bare, and met as workers come to a gate.

The folder is that of `sitegate evaluate`. One photo of each person is enrolled as it is, and the next is the mated
probe. Each stranger's photo is a non-mated one. Every probe is seen once for each thing worn. Terms: ISO/IEC 19795-1.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image, Template, Vector
from edge.matcher import FaceEngine
from edge.matcher.engine.engine import nearest_to_middle
from edge.matcher.engine.quality import measure, objection
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.threshold import threshold_for
from edge.system.photo_file import try_photo

Painter = Callable[[Image, Face], Image]


@dataclass(frozen=True, slots=True)
class OcclusionRates:
    """Rates for one thing worn; one frame each, no vote.

    - `failed`: share of mated probes without a usable face (failure to acquire).
    - `fnir`, `fpir`: shares of the usable mated and non-mated probes.
    - `not_named`: share of all mated probes that are not named.
    - `seen_covered`: share of usable probes, mated or not, that the gate finds occluded.
    - `told_unknown`: share of all mated probes that it would take for a stranger's.
    """

    what: str
    mated: int
    failed: float
    fnir: float
    not_named: float
    non_mated: int
    fpir: float
    seen_covered: float
    told_unknown: float


@dataclass(frozen=True, slots=True)
class _Probe:
    """Whose photo ("" a stranger's); whom it named ("" nobody, None if unusable); whether the face is found
    occluded."""

    person: str
    named: str | None
    occluded: bool


def occlusion_rates(
    engine: FaceEngine,
    config: MatcherConfig,
    folder: Path,
    painters: Mapping[str, Painter],
    people: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[list[OcclusionRates], int, float]:
    """Measure each of `painters`. Returns the rates, the size of the gallery, and its threshold.

    Takes the first `people` of people/ with a usable photo and a second one, and as many strangers.

    Raises:
        ValueError: the folder has nobody with two photos, or no stranger.
    """
    enrolled = _enrol(engine, config, folder, people)
    strangers = sorted((folder / "strangers").glob("*.jpg"))[:people]
    if not enrolled or not strangers:
        raise ValueError("the folder needs people/<name>/ with two or more *.jpg, and strangers/*.jpg")
    templates = [(name, Template(vector, engine.model_id)) for name, vector, _ in enrolled]
    gallery = Gallery.build(templates, engine.model_id, engine.pack.embedder.dimension)
    threshold = config.threshold or threshold_for(engine.pack.impostor_tail, gallery.size)
    probes = [(name, path) for name, _, path in enrolled] + [("", path) for path in strangers]
    found: dict[str, list[_Probe]] = {what: [] for what in painters}
    for done, (name, path) in enumerate(probes, start=1):
        image, face = _photo_and_face(engine, path)
        if image is not None and face is not None:
            for what, painter in painters.items():
                vector, occluded = _seen(engine, config, painter(image, face))
                named = None if vector is None else _name(gallery, vector, threshold)
                found[what].append(_Probe(name, named, occluded))
        progress(done, len(probes))
    return [_rates(what, probes_of) for what, probes_of in found.items()], gallery.size, threshold


def _enrol(engine: FaceEngine, config: MatcherConfig, folder: Path, people: int) -> list[tuple[str, Vector, Path]]:
    """Enrol. Returns name, vector of the reference, and path of the probe."""
    return [found for _, found in zip(range(people), _references(engine, config, folder), strict=False)]


def _references(engine: FaceEngine, config: MatcherConfig, folder: Path) -> Iterator[tuple[str, Vector, Path]]:
    for person in sorted((folder / "people").iterdir()):
        photos = sorted(person.glob("*.jpg"))[:2]
        image = try_photo(photos[0]) if len(photos) == 2 else None
        vector = _seen(engine, config, image)[0] if image is not None else None
        if vector is not None:
            yield person.name, vector, photos[1]


def _photo_and_face(engine: FaceEngine, path: Path) -> tuple[Image | None, Face | None]:
    picture = try_photo(path)
    if picture is None:
        return None, None
    return picture, nearest_to_middle(engine.detect(picture), picture)


def _seen(engine: FaceEngine, config: MatcherConfig, image: Image) -> tuple[Vector | None, bool]:
    """Observe a face. Returns its vector, None if it is not usable, and whether it is occluded.

    The face is detected again: what is worn hides landmarks too.
    """
    face = nearest_to_middle(engine.detect(image), image)
    if face is None:
        return None, False
    aligned = engine.align(image, face)
    quality = measure(face, aligned)
    return None if objection(quality, config) else engine.embed(aligned), quality.occluded


def _name(gallery: Gallery, vector: Vector, threshold: float) -> str:
    """Whom the frame names; "" for nobody."""
    best = gallery.search(vector)
    return best.worker_id if best and best.score >= threshold else ""


def _rates(what: str, probes: Sequence[_Probe]) -> OcclusionRates:
    mated = [p for p in probes if p.person]
    usable = [p for p in probes if p.named is not None]
    mated_usable = [p for p in usable if p.person]
    others = [p for p in usable if not p.person]
    right = sum(p.named == p.person for p in mated_usable)
    return OcclusionRates(
        what=what,
        mated=len(mated),
        failed=1 - len(mated_usable) / max(1, len(mated)),
        fnir=1 - right / max(1, len(mated_usable)),
        not_named=1 - right / max(1, len(mated)),
        non_mated=len(others),
        fpir=sum(bool(p.named) for p in others) / max(1, len(others)),
        seen_covered=sum(p.occluded for p in usable) / max(1, len(usable)),
        told_unknown=sum(p.named == "" and not p.occluded for p in mated_usable) / max(1, len(mated)),
    )
