"""Error rates from vectors whose truth is known."""

import numpy as np
import pytest

from edge.config import MatcherConfig
from edge.matcher.evaluate import Probe, summarise


def unit(vector):
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture(scope="module")
def probes():
    """300 people with two photos that score 0.8, 200 strangers; 64 random dimensions."""
    random = np.random.default_rng(5)
    people = [unit(random.normal(size=64)) for _ in range(300)]
    mates = [unit(p + 0.75 * unit(random.normal(size=64))) for p in people]
    enrolled = [Probe(f"p{i}", True, v) for i, pair in enumerate(zip(people, mates, strict=True)) for v in pair]
    return enrolled + [Probe(f"s{i}", False, unit(random.normal(size=64))) for i in range(200)]


def test_ok__everybody_is_told_apart(probes):
    found = summarise(probes, MatcherConfig(), photos=810)
    assert (found.photos, found.unusable, found.gallery, found.mated, found.non_mated) == (810, 10, 300, 300, 200)
    assert found.fnir < 0.05
    assert found.fpir < 0.03
    assert found.tail.comparisons == 800 * 799 // 2 - 300


def test_ok__the_configured_threshold_decides(probes):
    strict = summarise(probes, MatcherConfig(threshold=0.95), photos=800)
    assert (strict.fnir, strict.fpir, strict.threshold) == (1.0, 0.0, 0.95)
    lax = summarise(probes, MatcherConfig(threshold=0.2), photos=800)
    assert lax.fpir == 1.0
    assert lax.fnir < 0.02


def test_fail__no_photo():
    with pytest.raises(ValueError, match="no usable photo"):
        summarise([], MatcherConfig(), photos=0)
