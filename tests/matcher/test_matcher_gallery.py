"""Exact search: the same answer as comparing one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.domain import Template
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.shortlist import ROWS_MIN, Shortlist

MODEL = "pack/model/12345678"
SIZE = 8


def unit(random):
    vector = random.normal(size=SIZE).astype(np.float32)
    return vector / np.linalg.norm(vector)


@given(seed=st.integers(0, 10_000), people=st.integers(1, 30), each=st.integers(1, 4))
def test_ok__equals_brute_force(seed, people, each):
    """The definition, one worker at a time: fuse, take the shrunk mean out, cosine."""
    random = np.random.default_rng(seed)
    templates = [(f"w{p}", Template(unit(random), MODEL)) for p in range(people) for _ in range(each)]
    probe = unit(random)
    fused = {}
    for worker_id, template in templates:
        fused[worker_id] = fused.get(worker_id, 0) + template.vector.astype(np.float64)
    fused = {worker_id: total / np.linalg.norm(total) for worker_id, total in fused.items()}
    centre = sum(fused.values()) / (people + 30)

    def cosine(a, b):
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    scores = {worker_id: cosine(vector - centre, probe - centre) for worker_id, vector in fused.items()}
    found = Gallery.build(templates, MODEL, SIZE).search(probe)
    assert abs(found.score - max(scores.values())) < 1e-5
    assert abs(scores[found.worker_id] - max(scores.values())) < 1e-5


def test_ok__several_templates_make_one_worker():
    random = np.random.default_rng(1)
    templates = [("a", Template(unit(random), MODEL)) for _ in range(3)] + [("b", Template(unit(random), MODEL))]
    gallery = Gallery.build(templates, MODEL, SIZE)
    assert (gallery.size, gallery.templates, gallery.worker_ids) == (2, 4, ("a", "b"))


def test_ok__templates_that_cancel_out_leave_the_first():
    vector = unit(np.random.default_rng(4))
    gallery = Gallery.build([("a", Template(vector, MODEL)), ("a", Template(-vector, MODEL))], MODEL, SIZE)
    assert gallery.search(vector).score > 0.999


def test_ok__the_same_vector_scores_one_and_never_more():
    for seed in range(50):
        vector = unit(np.random.default_rng(seed))
        found = Gallery.build([("w", Template(vector, MODEL))], MODEL, SIZE).search(vector)
        assert 0.999 < found.score <= 1


def test_fail__templates_of_another_model_are_left_out():
    vector = unit(np.random.default_rng(0))
    gallery = Gallery.build([("w", Template(vector, "pack/model/00000000"))], MODEL, SIZE)
    assert gallery.size == 0
    assert gallery.search(vector) is None


def test_fail__damaged_templates_are_left_out():
    good = unit(np.random.default_rng(0))
    bad = [np.full(SIZE, np.nan), np.zeros(SIZE), np.ones(SIZE - 1), np.full(SIZE, np.inf)]
    templates = [("bad", Template(v.astype(np.float32), MODEL)) for v in bad] + [("good", Template(good, MODEL))]
    gallery = Gallery.build(templates, MODEL, SIZE)
    assert gallery.worker_ids == ("good",)


def test_ok__a_vector_that_lost_its_length_in_transit_still_scores_a_cosine():
    vector = unit(np.random.default_rng(3))
    stored = vector.astype(np.float16).astype(np.float32) * 1.01
    found = Gallery.build([("w", Template(stored, MODEL))], MODEL, SIZE).search(vector)
    assert abs(found.score - 1) < 1e-3


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 400),
    size=st.sampled_from([1, 2, 8, 128]),
    spread=st.sampled_from([0.0, 1e-6, 1e-3, 0.05, 1.0, 100.0]),
    outlier=st.floats(1, 1000),
)
def test_ok__the_best_row_is_on_the_shortlist(seed, rows, size, spread, outlier):
    """With any gallery: everybody nearly alike, or one number far larger than all others."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=size) + spread * random.normal(size=(rows, size))
    matrix[:, 0] *= outlier
    matrix = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    shortlist = Shortlist(matrix)
    for probe in (*matrix[:3], *random.normal(size=(3, size)).astype(np.float32)):
        unit_probe = probe / np.linalg.norm(probe)
        scores = matrix.astype(np.float64) @ unit_probe.astype(np.float64)
        assert int(np.argmax(scores)) in shortlist.of(unit_probe)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ok__a_large_gallery_gives_the_answer_of_comparing_all(seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(ROWS_MIN, 16)).astype(np.float32)
    vectors[1:100] = vectors[0]
    gallery = Gallery.build([(f"w{i}", Template(v, MODEL)) for i, v in enumerate(vectors)], MODEL, 16)
    for probe in (vectors[0], vectors[-1], *random.normal(size=(5, 16)).astype(np.float32)):
        probe = probe / np.linalg.norm(probe)
        scores = gallery.matrix.astype(np.float64) @ gallery.centering.apply(probe).astype(np.float64)
        found = gallery.search(probe)
        assert abs(found.score - min(1.0, scores.max())) < 1e-6
        assert scores[int(found.worker_id[1:])] > scores.max() - 1e-6


def test_ok__a_shortlist_is_short():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(20_000, 128)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    shortlist = Shortlist(matrix)
    lengths = [len(shortlist.of(matrix[i])) for i in range(20)]
    assert max(lengths) == 1  # nobody else is near
    strangers = random.normal(size=(20, 128)).astype(np.float32)
    assert np.mean([len(shortlist.of(v / np.linalg.norm(v))) for v in strangers]) < 100
