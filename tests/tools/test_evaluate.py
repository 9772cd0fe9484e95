"""`sitegate evaluate` on a few real photos, through the command."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.matcher import load_manifest
from edge.tools.evaluation.observation_cache import Observation, ObservationCache
from edge.tools.evaluation.photos import EvaluationError, find_photos, read_groups


@pytest.fixture(scope="module")
def folder(photos_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A and B enrolled, with three photos and two (the second is the first, darker and smaller); two strangers; one
    file that is no photo."""
    root = tmp_path_factory.mktemp("photos")
    for name in ("people/a", "people/b", "strangers"):
        (root / name).mkdir(parents=True)
    for i in (1, 2, 3):
        shutil.copy(photos_dir / f"person-a-{i}.jpg", root / f"people/a/{i}.jpg")
    first = cv2.imread(str(photos_dir / "person-b-1.jpg"))
    cv2.imwrite(str(root / "people/b/1.jpg"), first)
    cv2.imwrite(str(root / "people/b/2.png"), cv2.resize(first, None, fx=0.8, fy=0.8) // 2)
    shutil.copy(photos_dir / "person-c-1.png", root / "strangers")
    shutil.copy(photos_dir / "person-d-1.png", root / "strangers")
    (root / "strangers/broken.jpg").write_bytes(b"no photo")
    return root


def plain_config(folder: Path) -> Path:
    """A configuration that sets nothing the figures depend on."""
    path = folder / "plain.toml"
    path.write_text('[liveness]\nmode = "off"\n')
    return path


def run(*args: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["evaluate", *map(str, args)])
    return found.exit_code, found.stdout, found.stderr


def test_ok__figures_report_and_cache(folder: Path, models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("person,group\na,one\nb,two\nperson-c-1,one\n")
    cache, report = tmp_path / "looks.jsonl", tmp_path / "report.html"
    common = (
        "--presentations",
        10,
        "--photos",
        folder,
        "--config",
        plain_config(tmp_path),
        "--dir",
        models_dir,
        "--cache",
        cache,
        "--json",
    )
    code, text, err = run(
        *common, "--jobs", 2, "--report", report, "--groups", tmp_path / "groups.csv", "--pictures", 2, "--walkups", 1
    )
    assert code == 0, err
    figures = json.loads(text)
    walked = figures.pop("walkups")
    assert (walked["gallery"], walked["fpir"]["errors"], walked["wrong_name"]["errors"]) == (2, 0, 0)
    assert walked["fnir"]["count"] + walked["fpir"]["count"] + walked["no_answer"]["errors"] == 2
    assert "Walk-ups: the vote" in report.read_text()
    assert figures["acquisition"]["photos"] == 8
    assert figures["acquisition"]["problems"] == {"no_face": 0, "unreadable": 1}
    assert (figures["headline"]["gallery"], figures["headline"]["mated"]) == (2, 3)
    assert figures["headline"]["rank1"] == 1.0
    assert figures["at_threshold"]["fnir"] == 0.0
    assert figures["at_threshold"]["fpir"]["value"] == 0.0
    assert figures["model_id"].startswith("opencv-zoo/sface-2021dec/")
    pad = figures["pad"]
    assert len(pad["challenge"]) == 10 and {row["rate"]["count"] for row in pad["challenge"]} == {10}
    assert pad["challenge"][0]["attack"] is False and pad["challenge"][3]["attack"] is True
    assert [g["group"] for g in figures["groups"]] == ["one", "two"]
    assert report.read_text().count("data:image/") == 2
    assert cache.stat().st_mode & 0o077 == 0
    # Again from the cache, in this process: nothing is looked at, and the figures are the same.
    size = cache.stat().st_size
    code, text, err = run(*common, "--jobs", 1, "--groups", tmp_path / "groups.csv")
    assert (code, json.loads(text)) == (0, figures | {"walkups": None})
    assert cache.stat().st_size == size


def test_ok__a_table_for_people(folder: Path, models_dir: Path, tmp_path: Path) -> None:
    only = tmp_path / "models"  # without the passive weight, which the cache may hold
    only.mkdir()
    for model in load_manifest().pack("opencv-zoo").models:
        shutil.copy(models_dir / model.file, only)
    code, text, _ = run(
        "--photos", folder, "--config", plain_config(tmp_path), "--dir", only, "--no-cache", "--jobs", 1,
        "--presentations", 0, "--report", tmp_path / "report.html",
    )  # fmt: skip
    assert code == 0
    assert "passive network: not measured" in text
    assert "run: sitegate models fetch --liveness" in " ".join(text.split())
    assert "sitegate models fetch --liveness" in (tmp_path / "report.html").read_text()
    assert "1, 1 every face" in text
    assert "failure to enrol" in text


def test_fail__drift_without_walk_ups(folder: Path, tmp_path: Path) -> None:
    code, _, err = run("--photos", folder, "--config", plain_config(tmp_path), "--no-cache", "--drift")
    assert code == 1
    assert "add --walkups" in " ".join(err.split())


def test_fail__a_folder_without_photos(tmp_path: Path) -> None:
    code, _, err = run("--photos", tmp_path, "--config", plain_config(tmp_path), "--no-cache")
    assert code == 1
    assert "too few photos" in " ".join(err.split())


@pytest.mark.parametrize("cut", [1, 5])
def test_ok__a_line_cut_short_is_seen_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cache" / "looks.jsonl"
    with ObservationCache(path) as cache:
        cache.put("one", Observation("", None))
        cache.put("two", Observation("too_dark", None))
    path.write_bytes(path.read_bytes()[:-cut])
    with ObservationCache(path) as cache:
        assert (cache.get("one") is not None, cache.get("two")) == (True, None)
        cache.put("two", Observation("blurred", None))
    with ObservationCache(path) as cache:
        again = cache.get("two")
        assert again is not None
        assert again.problem == "blurred"


def test_fail__one_name_in_both_folders(tmp_path: Path) -> None:
    for name in ("people/a", "strangers"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "people/a/1.jpg").touch()
    (tmp_path / "strangers/a.jpg").touch()
    with pytest.raises(EvaluationError, match="in both"):
        find_photos(tmp_path)


@pytest.mark.parametrize("text", ["name,group\na,b\n", "person\na\n", "\xff"])
def test_fail__a_csv_without_the_columns(tmp_path: Path, text: str) -> None:
    (tmp_path / "groups.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(EvaluationError, match="person,group"):
        read_groups(tmp_path / "groups.csv")
