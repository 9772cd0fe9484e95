"""Attempts, pairs and larger galleries from vectors whose truth is known."""

import numpy as np
import pytest

from edge.core.domain import Template
from edge.matcher.gallery.centering import Centering
from edge.matcher.gallery.gallery import Gallery
from edge.tools.evaluation.attempts import Faces, attempts_of, compare, gallery_of, run
from edge.tools.evaluation.comparison_pairs import PairCounts, compare_all, measured_tail
from edge.tools.evaluation.rates import fnir, fpir
from edge.tools.evaluation.synthetic_people import drawn_people, padded

SIZE = 64


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def made(people=40, photos=3, strangers=60, noise=0.6, seed=0):
    """`photos` of each person that score about 0.75 with each other, strangers about 0."""
    random = np.random.default_rng(seed)
    who = unit(random.normal(size=(people, SIZE)))
    shown = unit(who[:, None] + noise * unit(random.normal(size=(people, photos, SIZE))))
    return Faces(
        {f"p{i}": v for i, v in enumerate(shown)},
        {f"s{i}": unit(random.normal(size=(1, SIZE))) for i in range(strangers)},
    )


@pytest.mark.parametrize(
    ("enrolled", "frames", "mated", "non_mated"), [(1, 1, 80, 140), (2, 1, 40, 100), (1, 2, 40, 40), (3, 1, 0, 100)]
)
def test_ok__who_comes(enrolled, frames, mated, non_mated):
    attempts = attempts_of(made(), enrolled, frames)
    assert sum(a.mated for a in attempts) == mated
    assert sum(not a.mated for a in attempts) == non_mated


def test_ok__scores_are_those_of_the_gate():
    faces = made()
    gallery = gallery_of(faces, 1)
    templates = [(name, Template(v[0], "m")) for name, v in faces.people.items()]
    real = Gallery.build(templates, "m", SIZE)
    attempts = attempts_of(faces, 1, 1)
    found = compare(gallery, attempts, block=7)
    mated = [a for a in attempts if a.mated]
    for attempt, score, right in zip(mated, found.mated, found.right, strict=True):
        candidate = real.search(attempt.vector)
        assert candidate.score == pytest.approx(score, abs=1e-5)
        assert (candidate.worker_id == attempt.person) == right


def test_ok__left_out_means_ones_own_template_does_not_count():
    found = run(made())
    assert found.right.all()
    assert found.mated.min() > found.non_mated.max()
    assert fnir(found, 0.5) == 0.0
    assert fpir(found, 0.55) < 0.02


def test_ok__more_orders_are_more_attempts_and_repeat():
    one, ten = run(made()), run(made(), orders=3)
    assert len(ten.mated) == 3 * len(one.mated)
    assert ten.mated[: len(one.mated)] == pytest.approx(one.mated)
    assert run(made(), orders=3).mated == pytest.approx(ten.mated)


def test_ok__several_frames_and_photos_score_higher():
    single, fused = run(made(photos=4, noise=1.2)), run(made(photos=4, noise=1.2), enrolled=2, frames=2)
    assert fused.mated.mean() > single.mated.mean() + 0.1


def test_ok__every_pair_is_counted_once():
    faces = made(people=10, photos=3, strangers=5)
    centering = Centering(np.zeros(SIZE, np.float32), 0.0)
    pairs = compare_all(faces, centering, block=8)
    assert pairs.genuine.sum() == 10 * 3
    assert pairs.genuine.sum() + pairs.impostor.sum() == 35 * 34 // 2
    everything = np.concatenate([*faces.people.values(), *faces.strangers.values()])
    scores = (everything @ everything.T)[np.triu_indices(35, k=1)]
    threshold = pairs.threshold_at(0.01)
    genuine = np.concatenate([(v @ v.T)[np.triu_indices(3, k=1)] for v in faces.people.values()])
    assert pairs.fnmr(threshold) == pytest.approx(float(np.mean(genuine < threshold)), abs=0.04)
    assert np.sum(scores >= threshold) - np.sum(genuine >= threshold) <= 0.01 * pairs.impostor.sum() + 1


def test_ok__no_threshold_is_low_enough_for_a_rate_of_nothing():
    impostor = np.zeros(20_000, np.int64)
    impostor[-1] = 5
    assert PairCounts(impostor, impostor).threshold_at(0.0) == 1.0


def test_ok__the_tail_is_measured_plain_and_calibrated():
    random = np.random.default_rng(2)
    vectors = random.normal(size=(500, SIZE)) / np.sqrt(SIZE)
    vectors[:, 0] += 0.4
    faces = Faces({f"p{i}": v[None] for i, v in enumerate(unit(vectors))}, {})
    tail = measured_tail(faces, gallery_of(faces, 1).centering)
    assert tail.plain_start > tail.start + 0.03
    assert tail.comparisons == 500 * 499 // 2


def test_fail__too_few_people_for_a_tail():
    faces = made(people=20)
    with pytest.raises(ValueError, match="at least 100,000"):
        measured_tail(faces, gallery_of(faces, 1).centering)


def test_ok__drawn_people_look_like_the_real_ones():
    random = np.random.default_rng(6)
    stretched = np.concatenate((np.full(8, 3.0), np.full(SIZE - 8, 1.0)))
    real = unit(random.normal(size=(2_000, SIZE)) * stretched + 0.5)
    faces = Faces({f"p{i}": v[None] for i, v in enumerate(real)}, {})
    drawn = drawn_people(faces, 2_000, random)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1, abs=1e-5)
    assert drawn.mean(axis=0) == pytest.approx(real.mean(axis=0), abs=0.02)
    ours, theirs = (np.quantile((v[:1000] @ v[1000:].T).ravel(), (0.5, 0.99)) for v in (real, drawn))
    assert ours == pytest.approx(theirs, abs=0.03)


def test_ok__a_larger_gallery_is_harder():
    faces = made(noise=1.0)
    gallery, attempts = gallery_of(faces, 1), attempts_of(faces, 1, 1)
    small = compare(gallery, attempts)
    large = padded(gallery, attempts, small, faces, 6_000)
    assert (large.non_mated >= small.non_mated).all()
    assert large.non_mated.mean() > small.non_mated.mean()
    assert large.right.sum() <= small.right.sum()
    assert (padded(gallery, attempts, small, faces, 10).mated == small.mated).all()


def test_ok__templates_are_made_of_photos_as_enrolment_sees_them_and_attempts_as_a_gate_does():
    seen = {"a": np.eye(8, dtype=np.float32)[:3], "b": np.eye(8, dtype=np.float32)[3:6]}
    enrolled = {name: -vectors for name, vectors in seen.items()}
    faces = Faces(seen, {"s": np.eye(8, dtype=np.float32)[6:]}, enrolled)
    for shown in (faces, faces.shuffled(np.random.default_rng(3)), faces.only(["a", "b"])):
        assert all((shown.references[name] == -shown.people[name]).all() for name in shown.people)
        plain = gallery_of(shown, 1, Centering(np.zeros(8, np.float32), 0.0))
        assert plain.matrix == pytest.approx(np.stack([shown.references[name][0] for name in plain.worker_ids]))
        (first, *_) = attempts_of(shown, 1, 1)
        assert first.vector == pytest.approx(shown.people["a"][1])


def test_ok__without_another_way_of_seeing_photos_are_enrolled_as_they_are_shown():
    faces = Faces({"a": np.eye(4, dtype=np.float32)}, {})
    assert faces.references is faces.people
