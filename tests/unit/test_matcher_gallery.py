"""Exact search: the same answer as comparing one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.domain import Template
from edge.matcher.gallery import Gallery

MODEL = "pack/model/12345678"
SIZE = 8


def unit(random):
    vector = random.normal(size=SIZE).astype(np.float32)
    return vector / np.linalg.norm(vector)


@given(seed=st.integers(0, 10_000), people=st.integers(1, 30), each=st.integers(1, 4))
def test_ok__equals_brute_force(seed, people, each):
    random = np.random.default_rng(seed)
    templates = [(f"w{p}", Template(unit(random), MODEL)) for p in range(people) for _ in range(each)]
    probe = unit(random)
    found = Gallery.build(templates, MODEL, SIZE).search(probe)
    best = {}
    for worker_id, template in templates:
        score = float(sum(a * b for a, b in zip(template.vector.tolist(), probe.tolist(), strict=True)))
        best[worker_id] = max(best.get(worker_id, -1.0), score)
    assert abs(found.score - max(best.values())) < 1e-5
    assert abs(best[found.worker_id] - max(best.values())) < 1e-5


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
