"""Simulated sites: the drift alarm on outcomes whose truth is known."""

from pathlib import Path

import numpy as np
import pytest

from edge.tools.evaluation.drift_alarm import drift_rates
from edge.tools.evaluation.walkups import NOT_SEEN, WalkUp, WalkUpOutcome, WalkUpResults, vote_rates
from edge.tools.evaluation.wilson import wilson


def outcomes(mean=0.65, unusable=0.05, people=80, strangers=20, condition="clear", seed=1):
    random = np.random.default_rng(seed)
    found = []
    for i in range(people + strangers):
        walkup = WalkUp(f"p{i}", Path("x.jpg"), i < people, condition, glance=True)
        score = float(np.clip(random.normal(mean, 0.1), 0.46, 0.95)) if walkup.enrolled else 0.3
        sight = NOT_SEEN if random.random() < unusable else "known" if walkup.enrolled else "unknown"
        found.append(WalkUpOutcome(walkup, sight, walkup.enrolled, score, 1))
    return found


@pytest.fixture(scope="module")
def rates():
    glances = {
        "clear": outcomes(),
        "dirty": outcomes(mean=0.52),
        "dark": outcomes(unusable=0.9),
    }
    return drift_rates(glances, "clear", crew=100, sites=6)


def test_ok__nothing_changed_nothing_told(rates):
    assert rates.false_alarms == 0.0
    assert (rates.crew, rates.sites) == (100, 6)


def test_ok__what_changed_is_told_within_days_and_named(rates):
    told = {d.condition: d for d in rates.detections}
    assert set(told) == {"dirty", "dark"}
    assert all(d.told == 1.0 and 1 <= d.delay_days <= 7 for d in told.values())
    assert told["dirty"].named == {"scores": 1.0}
    assert told["dark"].named == {"unusable": 1.0}


def test_fail__too_few_people_to_try_it_on():
    with pytest.raises(ValueError, match="needs 30 people"):
        drift_rates({"clear": outcomes(people=29)}, "clear", crew=50)


def test_ok__rates_of_the_vote():
    def walked(enrolled, sight, right=False):
        return WalkUpOutcome(WalkUp("p", Path("x.jpg"), enrolled), sight, right, 0.6, 3, 0.2)

    seen = [walked(True, "known", True)] * 17 + [walked(True, "unknown")] * 2 + [walked(True, "known")]
    seen += [walked(True, NOT_SEEN)] * 2 + [walked(False, "unknown")] * 9 + [walked(False, "known")]
    glance = WalkUpOutcome(WalkUp("p", Path("x.jpg"), False, glance=True), "known", False, 0.9, 1)
    found = vote_rates(WalkUpResults(400, 0.43, [*seen, glance]))
    assert (found.fnir.errors, found.fnir.count, found.fnir.value) == (3, 20, 0.15)
    assert (found.fpir.errors, found.fpir.count, found.fpir.value) == (1, 10, 0.1)
    assert (found.wrong_name.errors, found.no_answer.errors, found.no_answer.count) == (1, 2, 32)
    assert (found.fnir.low, found.fnir.high) == wilson(3, 20)
    assert found.votes == (3.0, 3.0)
    nothing = vote_rates(WalkUpResults(400, 0.43, []))
    assert (nothing.fnir.low, nothing.fnir.high, nothing.votes) == (0.0, 1.0, (0.0, 0.0))
