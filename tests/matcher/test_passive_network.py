"""The optional passive liveness weight: fetched with npm, verified, refused when it is not what the manifest names."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.core.config import LivenessConfig, MatcherConfig
from edge.core.domain import Face, Frame
from edge.matcher import ModelError, fetch_pack, load_manifest, open_engine, open_matcher
from edge.matcher.liveness.combined import CombinedCheck
from edge.matcher.liveness.passive import open_passive
from edge.system.pinned_packages import PackageError

PACK = load_manifest().passive_liveness
ADVISORY = LivenessConfig(mode="advisory", passive=True)


@pytest.fixture(scope="module")
def with_passive(models_dir: Path) -> Path:
    """The default pack's folder with the passive weight beside it."""
    fetch_pack(PACK, models_dir)
    return models_dir


def test_ok__a_portrait_looks_live_and_is_scored_alike_each_time(with_passive: Path, photos_dir: Path) -> None:
    engine, network = open_engine(MatcherConfig(), with_passive), open_passive(MatcherConfig(), with_passive)
    image = cv2.imread(str(photos_dir / "person-a-1.jpg"))
    (face,) = engine.detect(image)
    score = network.score(image, face)
    assert 0.5 < score <= 1
    assert network.score(image, face) == score


def test_ok__the_matcher_asks_about_the_face_it_sees(with_passive: Path, photos_dir: Path) -> None:
    matcher = open_matcher(MatcherConfig(), with_passive, ADVISORY)
    assert isinstance(matcher._liveness, CombinedCheck)
    image = cv2.resize(cv2.imread(str(photos_dir / "person-a-1.jpg")), None, fx=0.6, fy=0.6)
    found = [matcher.identify(Frame(image, 10 + i / 15, i)) for i in range(3)]
    passive = matcher._liveness.result(found[-1].approach, 11, named=False).passive
    assert passive is not None and 0 <= passive <= 1


def test_fail__a_missing_weight_says_what_to_run(models_dir: Path, tmp_path: Path) -> None:
    for model in load_manifest().pack("opencv-zoo").models:
        shutil.copy(models_dir / model.file, tmp_path)
    with pytest.raises(ModelError, match=r"fr-liveness.*is missing; run: sitegate models fetch --liveness --dir"):
        open_matcher(MatcherConfig(), tmp_path, ADVISORY)
    assert open_matcher(MatcherConfig(), tmp_path, LivenessConfig(mode="advisory"))  # not asked for, not needed


def test_fail__an_altered_weight_is_not_run(with_passive: Path, tmp_path: Path) -> None:
    data = bytearray((with_passive / PACK.model.file).read_bytes())
    data[1000] ^= 1
    (tmp_path / PACK.model.file).write_bytes(data)
    with pytest.raises(ModelError, match="was altered"):
        open_passive(MatcherConfig(), tmp_path)


def test_ok__the_commands_know_the_optional_weight(with_passive: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert "nothing to do" in run(app, ["models", "fetch", "--liveness", "--dir", str(with_passive)]).output
    assert run(app, ["models", "verify", "--liveness", "--dir", str(with_passive)]).exit_code == 0
    assert run(app, ["models", "verify", "--liveness", "--dir", str(tmp_path)]).exit_code == 1
    assert PACK.model.name in run(app, ["models", "list", "--dir", str(tmp_path), "--json"]).output


def test_fail__npm_says_why_it_cannot_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(PackageError, match=r"could not be fetched: npm error.*npm config"):
        fetch_pack(PACK, tmp_path / "models")


def test_fail__without_npm_it_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackageError, match=r"npm is not installed here.*another machine"):
        fetch_pack(PACK, tmp_path / "models")


def test_ok__a_blank_frame_has_a_score_too(with_passive: Path) -> None:
    blank = Face((100, 100, 60, 80), np.zeros((5, 2), np.float32), 0.9)
    assert 0 <= open_passive(MatcherConfig(), with_passive).score(np.zeros((480, 640, 3), np.uint8), blank) <= 1
