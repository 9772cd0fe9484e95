"""`sitegate models occlusions` on real photos: counts what it says it counts."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.core.config import MatcherConfig
from edge.matcher import open_engine
from edge.sim.occlusion import PAINTERS
from edge.tools.evaluation.occlusions import occlusion_rates


@pytest.fixture
def folder(tmp_path: Path, photos_dir: Path) -> Path:
    (tmp_path / "people" / "a").mkdir(parents=True)
    (tmp_path / "strangers").mkdir()
    for i in (1, 2):
        shutil.copy(photos_dir / f"person-a-{i}.jpg", tmp_path / "people" / "a" / f"{i}.jpg")
    cv2.imwrite(str(tmp_path / "strangers" / "c.jpg"), cv2.imread(str(photos_dir / "person-c-1.png")))
    return tmp_path


def test_ok__one_line_for_each_thing_worn(folder: Path, models_dir: Path) -> None:
    result = CliRunner().invoke(app, ["models", "occlusions", str(folder), "--dir", str(models_dir), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["gallery"] == 1
    bare, *others = found["worn"]
    assert {"nothing", *(worn["what"] for worn in others)} == set(PAINTERS)
    assert (bare["mated"], bare["failed"], bare["fnir"], bare["non_mated"], bare["fpir"]) == (1, 0, 0, 1, 0)


def test_ok__a_face_painted_over_fails_to_be_acquired(folder: Path, models_dir: Path) -> None:
    config = MatcherConfig()
    engine = open_engine(config, models_dir)
    (gone,), _, _ = occlusion_rates(engine, config, folder, {"all": lambda image, face: image * 0}, people=5)
    assert (gone.mated, gone.failed, gone.not_named, gone.non_mated) == (1, 1, 1, 0)


def test_fail__a_folder_without_people_says_what_is_needed(tmp_path: Path, models_dir: Path) -> None:
    (tmp_path / "people").mkdir()
    result = CliRunner().invoke(app, ["models", "occlusions", str(tmp_path), "--dir", str(models_dir)])
    assert result.exit_code == 1
    assert "two or more *.jpg" in " ".join(result.output.split())
