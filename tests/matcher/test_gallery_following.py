"""A gallery that follows changes answers like a newly built one."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.config import MatcherConfig
from edge.core.domain import Template
from edge.core.templates import Block, TemplateStore
from edge.matcher import FaceMatcher, load_manifest
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.shortlist import ROWS_MIN
from edge.matcher.gallery.threshold import OWN_TAIL_SAMPLE, choose_threshold

MODEL, SIZE = "pack/model/12345678", 16
TAIL = load_manifest().pack("opencv-zoo").impostor_tail


def _store(random: np.random.Generator, names: list[str], each: int = 2, common: float = 0.5) -> TemplateStore:
    """Vectors with a direction in common, as faces have."""
    vectors = (random.standard_normal((len(names) * each, SIZE)) + common).astype(np.float16)
    owners = np.repeat(np.arange(len(names), dtype=np.int32), each)
    cuts = range(0, len(vectors), 50)
    return TemplateStore(names, [Block(MODEL, vectors[c : c + 50], owners[c : c + 50]) for c in cuts])


def _same(found: Gallery | None, wanted: Gallery, random: np.random.Generator) -> None:
    assert found is not None
    assert (found.size, found.templates) == (wanted.size, wanted.templates)
    assert np.allclose(found.centering.centre, wanted.centering.centre, atol=1e-6)
    assert found.centering.weight == wanted.centering.weight
    order = {who: row for row, who in enumerate(found.worker_ids)}
    assert set(order) == set(wanted.worker_ids)
    assert np.allclose(found.matrix[[order[who] for who in wanted.worker_ids]], wanted.matrix, atol=2e-6)
    for _ in range(5):
        probe = random.standard_normal(SIZE).astype(np.float32)
        probe /= np.float32(np.linalg.norm(probe))
        mine, theirs = found.search(probe), wanted.search(probe)
        assert mine is not None and theirs is not None
        assert (mine.worker_id, mine.score) == (theirs.worker_id, pytest.approx(theirs.score, abs=1e-5))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), people=st.integers(40, 120), gone=st.integers(0, 4), new=st.integers(0, 5))
def test_ok__it_answers_as_one_that_was_built_afresh(seed: int, people: int, gone: int, new: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"w{n}" for n in range(people)]
    base = _store(random, names)
    gallery = Gallery.build(base, MODEL, SIZE)
    changed = [str(who) for who in random.choice(names, 4, replace=False)]
    now = base.replaced(
        changed + [f"n{n}" for n in range(new)], _store(random, changed[gone:] + [f"n{n}" for n in range(new)], 3)
    )
    _same(gallery.updated(base, now, MODEL), Gallery.build(now, MODEL, SIZE), random)


def test_ok__also_after_a_hundred_changes_of_one_snapshot_there_and_back_again() -> None:
    random = np.random.default_rng(3)
    names = [f"w{n}" for n in range(200)]
    base = store = _store(random, names)
    gallery = Gallery.build(base, MODEL, SIZE)
    for turn in range(100):
        some = [str(who) for who in random.choice(names, 12, replace=False)]
        now = base.replaced(some, _store(random, some[: turn % 12]))
        found = gallery.updated(store, now, MODEL)
        assert found is not None
        gallery, store = found, now
    _same(gallery, Gallery.build(store, MODEL, SIZE), random)
    _same(gallery.updated(store, base, MODEL), Gallery.build(base, MODEL, SIZE), random)


def test_ok__a_large_one_has_the_same_shortlist_answers_and_threshold() -> None:
    random = np.random.default_rng(4)
    names = [f"w{n}" for n in range(ROWS_MIN + 500)]
    base = _store(random, names, each=1)
    gallery = Gallery.build(base, MODEL, SIZE)
    some = names[:: len(names) // 90]
    now = base.replaced(some, _store(random, some[:60], each=1))
    found = gallery.updated(base, now, MODEL)
    _same(found, Gallery.build(now, MODEL, SIZE), random)


def test_ok__the_threshold_is_that_of_a_gallery_built_afresh() -> None:
    random = np.random.default_rng(5)
    names = [f"w{n}" for n in range(OWN_TAIL_SAMPLE - 100)]
    base = _store(random, names, each=1)
    some = names[::40]
    now = base.replaced(some, _store(random, some, each=1))
    found = Gallery.build(base, MODEL, SIZE).updated(base, now, MODEL)
    assert found is not None
    mine, theirs = choose_threshold(TAIL, found), choose_threshold(TAIL, Gallery.build(now, MODEL, SIZE))
    assert (mine.source, mine.threshold) == (theirs.source, pytest.approx(theirs.threshold, abs=1e-4))


def test_ok__of_another_model_or_without_a_direction_nothing_is_taken() -> None:
    random = np.random.default_rng(6)
    base = _store(random, [f"w{n}" for n in range(50)])
    gallery = Gallery.build(base, MODEL, SIZE)
    other = TemplateStore(("w1", "w2"), [Block("other", np.ones((2, SIZE), np.float16), np.array([0, 1], np.int32))])
    zero = Template(np.zeros(SIZE, np.float32), MODEL)
    for by in (other, TemplateStore.of([("w1", zero), ("w2", zero)])):
        now = base.replaced(["w1", "w2"], by)
        found = gallery.updated(base, now, MODEL)
        _same(found, Gallery.build(now, MODEL, SIZE), random)
        assert found is not None and found.size == 48


def test_ok__where_much_changed_or_all_are_nearly_the_same_it_is_built_afresh() -> None:
    random = np.random.default_rng(7)
    names = [f"w{n}" for n in range(50)]
    base = _store(random, names)
    gallery = Gallery.build(base, MODEL, SIZE)
    assert gallery.updated(base, base.replaced(names[:13], _store(random, names[:13])), MODEL) is None
    assert gallery.updated(base, _store(random, names), MODEL) is None  # another snapshot
    alike = _store(random, [f"w{n}" for n in range(900)], common=100)
    assert Gallery.build(alike, MODEL, SIZE).updated(alike, alike, MODEL) is None


def test_ok__the_matcher_follows_changes_and_only_a_new_snapshot_is_built_afresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[int] = []
    build = Gallery.build

    def counted(store: TemplateStore, *rest: object) -> Gallery:
        built.append(len(store))
        return build(store, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Gallery, "build", counted)
    pack = SimpleNamespace(embedder=SimpleNamespace(dimension=SIZE), impostor_tail=TAIL)
    matcher = FaceMatcher(SimpleNamespace(model_id=MODEL, pack=pack), MatcherConfig())  # type: ignore[arg-type]
    random = np.random.default_rng(8)
    names = [f"w{n}" for n in range(60)]
    base = _store(random, names)
    matcher.load(base)
    built.clear()
    for some in (names[:5], names[3:9], names[:1]):
        now = base.replaced(some, _store(random, some[1:]))
        matcher.load(now)
        assert matcher.gallery_size == len(now)
    assert built == []
    matcher.load(_store(random, names))
    assert built == [120]
