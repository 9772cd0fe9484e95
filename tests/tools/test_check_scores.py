"""`sitegate check` on threshold and own scores: a roster given as data, a real scores.db."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from edge.app.state_folders import SCORES
from edge.core.config import Config, MatcherConfig, PathsConfig
from edge.core.domain import RosterState, Template
from edge.core.score_counts import DayScores, bin_of
from edge.matcher.weights.manifest import find_pack, model_id
from edge.storage.score_store import ScoreStore
from edge.system.clock import SystemClock
from edge.tools.selfcheck import CheckState, own_scores, threshold

WORKERS = 300


class Roster:
    """HQ's roster as it would have been verified."""

    def __init__(self, state: RosterState) -> None:
        self.state = state

    def refresh(self) -> bool:
        return True

    def close(self) -> None: ...


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gate with WORKERS workers."""
    vectors = np.random.default_rng(1).normal(size=(WORKERS, 128)).astype(np.float32)
    templates = tuple((f"w-{i}", Template(v, _model())) for i, v in enumerate(vectors))
    monkeypatch.setattr(
        "edge.tools.selfcheck.recognition.open_roster", lambda config: Roster(RosterState(templates=templates))
    )
    return tmp_path


def config(state_dir: Path, **matcher: object) -> Config:
    return Config(paths=PathsConfig(state_dir=state_dir), matcher=MatcherConfig.model_validate(matcher))


def _model() -> str:
    return model_id("opencv-zoo", find_pack("opencv-zoo").models[1])


def keep(state_dir: Path, first_ago: int, **fields: object) -> None:
    """Forty days of the same counts, the last of them `first_ago` days old."""
    store, today = ScoreStore(state_dir / SCORES), SystemClock().utc().date()
    for ago in range(39 + first_ago, first_ago - 1, -1):
        day = {"day": today - timedelta(days=ago), "model_id": _model(), "gallery": WORKERS, "workers": WORKERS}
        store.save(DayScores.model_validate(day | fields))
    store.close()


def test_ok__the_threshold_says_what_it_follows_from(state_dir: Path) -> None:
    found = threshold(config(state_dir))
    assert found.state is CheckState.OK
    assert "for 300 workers; target FPIR 0.30%, by the pack's tail" in found.detail
    figures = found.figures
    assert figures["threshold"] < figures["threshold_1000"] < figures["threshold_10000"] < figures["threshold_50000"]
    # The threshold is raised by what the pack's tail may be wrong by, so that the target holds on average.
    assert 0.5 < (1 - (1 - figures["fmr"]) ** WORKERS) / figures["fpir_target"] < 1
    assert threshold(config(state_dir, fpir_target=0.001)).figures["threshold"] > figures["threshold"]


def test_fail__a_threshold_set_too_low_by_hand(state_dir: Path) -> None:
    found = threshold(config(state_dir, threshold=0.3))
    assert (found.state, found.figures["threshold"]) == (CheckState.WARNING, 0.3)
    assert "unset it" in found.todo


def test_ok__nothing_counted_yet(state_dir: Path) -> None:
    found = own_scores(config(state_dir))
    assert (found.state, found.todo) == (CheckState.OK, "")
    assert "no proposal" in found.detail
    assert "not counted" in own_scores(config(state_dir, self_calibrate="off")).detail


def test_ok__a_proposal_is_shown_until_it_is_in_use(state_dir: Path) -> None:
    random = np.random.default_rng(2)
    scores = 0.40 + random.gumbel(0, 0.0275, WORKERS)  # everybody resembles somebody
    bins = {int(k): int(n) for k, n in zip(*np.unique([bin_of(s) for s in scores], return_counts=True), strict=True)}
    keep(state_dir, 1, runner_up=bins, accepted={130: WORKERS})
    found = own_scores(config(state_dir))
    assert found.state is CheckState.WARNING
    assert "proposed threshold" in found.detail
    assert 0 < found.figures["correction"] <= 0.05
    assert own_scores(config(state_dir, self_calibrate="apply")).state is CheckState.OK


def test_fail__a_drift_says_what_to_do(state_dir: Path) -> None:
    keep(state_dir, 8, accepted={130: 300, 140: 300})
    store, today = ScoreStore(state_dir / SCORES), SystemClock().utc().date()
    for ago in range(7, 0, -1):
        day = DayScores(
            day=today - timedelta(days=ago), model_id=_model(), gallery=WORKERS, workers=WORKERS, accepted={100: 600}
        )
        store.save(day)
    store.close()
    found = own_scores(config(state_dir))
    assert found.state is CheckState.WARNING
    assert "scores of recognised workers down (0.68 to 0.50" in found.detail
    assert "clean the lens" in found.todo
