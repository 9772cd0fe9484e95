"""What all faces share is taken out, in proportion to how well it is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.matcher.gallery.centering import PRIOR_WORKERS, Centering, fuse_templates

SIZE = 32


def people(count, shared, seed=0):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, SIZE)) / np.sqrt(SIZE)
    vectors[:, 0] += shared
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@given(count=st.integers(0, 500))
def test_ok__the_weight_grows_with_the_gallery(count):
    centering = Centering.of(people(count, 0.5))
    assert centering.weight == pytest.approx(count / (count + PRIOR_WORKERS))
    assert np.linalg.norm(centering.centre) <= centering.weight + 1e-6


def test_ok__an_empty_gallery_changes_nothing():
    vectors = people(5, 0.3)
    assert Centering.of(vectors[:0]).apply(vectors) == pytest.approx(vectors, abs=1e-6)


def test_ok__strangers_score_about_zero_once_it_is_known():
    known, others = people(2_000, 0.5, seed=1), people(300, 0.5, seed=2)
    plain = (others @ others.T)[np.triu_indices(300, k=1)].mean()
    calibrated = Centering.of(known).apply(others)
    left = (calibrated @ calibrated.T)[np.triu_indices(300, k=1)].mean()
    assert plain > 0.15
    assert abs(left) < 0.01


@given(seed=st.integers(0, 1_000), count=st.integers(1, 60))
def test_ok__results_are_unit_vectors_and_one_worker_moves_little(seed, count):
    vectors = people(count, 0.3, seed)
    centering = Centering.of(vectors)
    assert np.linalg.norm(centering.apply(vectors), axis=1) == pytest.approx(1, abs=1e-5)
    without = vectors[1:].sum(axis=0) / (count + PRIOR_WORKERS)
    assert np.linalg.norm(centering.centre - without) <= 1 / (count + PRIOR_WORKERS) + 1e-6


def test_ok__a_vector_that_is_the_centre_keeps_its_direction():
    vector = people(1, 0)[0]
    assert Centering(vector, 1.0).apply(vector) == pytest.approx(vector)


@given(seed=st.integers(0, 1_000), count=st.integers(1, 5))
def test_ok__fusing_does_not_depend_on_the_order(seed, count):
    vectors = people(count, 0.6, seed)
    assert fuse_templates(vectors[::-1]) == pytest.approx(fuse_templates(vectors), abs=1e-6)
    assert np.linalg.norm(fuse_templates(vectors)) == pytest.approx(1, abs=1e-6)


def test_ok__opposite_looks_leave_the_first():
    vector = people(1, 0)
    assert fuse_templates(np.concatenate((vector, -vector))) == pytest.approx(vector[0])
