"""Who looks like whom: the same answer as comparing all pairs one by one, and ordinary people left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.config import MatcherConfig
from edge.core.decision import look_alikes_in_words
from edge.core.domain import Template
from edge.matcher import load_manifest
from edge.matcher.gallery import look_alikes as lookalike
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.look_alikes import look_alike_min, look_alikes, marked, nearest_other
from edge.matcher.gallery.threshold import threshold_for
from edge.matcher.weights.manifest import model_id

MODEL = "pack/model/12345678"
TAIL = load_manifest().pack("opencv-zoo").impostor_tail


def gallery(random: np.random.Generator, people: int, each: int, size: int = 4) -> Gallery:
    found = [
        (f"w{p}", Template(random.normal(size=size).astype(np.float32), MODEL))
        for p in range(people)
        for _ in range(each)
    ]
    random.shuffle(found)  # a worker's templates need not stand together
    return Gallery.build(found, MODEL, size)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), people=st.integers(0, 20), each=st.integers(1, 3), cells=st.integers(1, 200))
def test_ok__equals_brute_force_whatever_the_block(seed: int, people: int, each: int, cells: int) -> None:
    drawn = gallery(np.random.default_rng(seed), people, each)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookalike, "BLOCK_CELLS", cells)
        found = look_alikes(drawn, 0.8)
    expected: dict[str, float] = {}
    for i, a in enumerate(drawn.worker_ids):
        for j, b in enumerate(drawn.worker_ids):
            score = float(drawn.matrix[i] @ drawn.matrix[j])
            if a != b and score >= 0.8:
                expected[a] = max(expected.get(a, -1), score)
    assert set(found) == set(expected)
    for worker_id, other in found.items():
        assert other.score == pytest.approx(expected[worker_id], abs=1e-5)
        alone = nearest_other(drawn, worker_id)
        assert alone is not None and alone.score == pytest.approx(other.score, abs=1e-5)
        assert other.worker_id != worker_id


def test_ok__several_templates_of_one_worker_are_no_look_alikes() -> None:
    vector = np.eye(1, 4, dtype=np.float32)[0]
    same = Gallery.build([("w1", Template(vector, MODEL))] * 3, MODEL, 4)
    assert look_alikes(same, 0.5) == {}
    assert nearest_other(same, "w1") is None
    assert nearest_other(same, "w9") is None


@pytest.mark.parametrize("size", [10, 461, 5_000, 50_000])
def test_ok__a_look_alike_scores_well_above_the_threshold_and_never_below_a_set_one(size: int) -> None:
    threshold = threshold_for(TAIL, size)
    assert look_alike_min(TAIL, size, threshold) > threshold + 0.04
    assert look_alike_min(TAIL, size, 0.9) == 0.9


def test_ok__a_roster_is_marked_without_weights_and_other_models_are_left_out() -> None:
    config, size = MatcherConfig(), 128
    name = model_id(config.pack, load_manifest().pack(config.pack).embedder)
    first, second = np.eye(2, size, dtype=np.float32)
    near = 0.8 * first + 0.6 * second
    roster = [("w1", Template(first, name)), ("w2", Template(near, name)), ("w3", Template(first, "another/model"))]
    found = marked(roster, config)
    assert {worker_id: other.worker_id for worker_id, other in found.items()} == {"w1": "w2", "w2": "w1"}
    searched = Gallery.build(
        roster, name, size
    ).matrix  # scores are those of the gallery: what all have in common taken out
    assert found["w1"].score == pytest.approx(float(searched[0] @ searched[1]), abs=1e-5)
    assert 0.7 < found["w1"].score < 0.8


def test_ok__pairs_are_told_once_and_not_all() -> None:
    assert look_alikes_in_words({"w2": "w1", "w1": "w2"}) == "w1 ~ w2"
    many = {f"a{i}": f"b{i}" for i in range(10)}
    assert look_alikes_in_words(many) == "a0 ~ b0, a1 ~ b1, a2 ~ b2 and 7 more pairs"
