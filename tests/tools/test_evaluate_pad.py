"""APCER and BPCER of `sitegate evaluate`, with the passive weight in place, and the arithmetic behind them."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.matcher import fetch_pack, load_manifest
from edge.tools.evaluation.pad import ANY_ATTACK, PresentationRate, both, find_attacks, passive_rates, proportion
from edge.tools.evaluation.rates import Rate


def test_ok__attacks_are_sorted_by_folder_or_not_at_all(tmp_path: Path) -> None:
    assert find_attacks(tmp_path) == []
    (tmp_path / "attacks/screen").mkdir(parents=True)
    for name in ("attacks/1.jpg", "attacks/notes.txt", "attacks/screen/2.png"):
        (tmp_path / name).touch()
    assert [(a.path.name, a.species) for a in find_attacks(tmp_path)] == [("1.jpg", ANY_ATTACK), ("2.png", "screen")]


def test_ok__who_has_no_face_is_not_counted_and_an_attack_without_one_has_failed() -> None:
    people, mask, screen = passive_rates([0.9, 0.2, None], [("screen", 0.6), ("screen", None), ("mask", 0.1)], 0.5)
    assert (people.attack, people.rate.value, people.rate.count) == (False, 0.5, 2)
    assert (mask.name, mask.rate.value, screen.name, screen.rate.value, screen.rate.count) == (
        "mask",
        0,
        "screen",
        0.5,
        2,
    )


@pytest.mark.parametrize(("errors", "count"), [(0, 6), (6, 6), (3, 10), (0, 0)])
def test_ok__the_interval_holds_the_share_and_is_never_a_point(errors: int, count: int) -> None:
    rate = proportion(errors, count)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1 and rate.high - rate.low > 0.1


def test_ok__six_attacks_without_an_error_prove_little() -> None:
    """Jeffreys' upper limit for 0 of 6: the 97.5th percentile of Beta(1/2, 6 1/2)."""
    assert proportion(0, 6).high == pytest.approx(0.330, abs=0.02)


def test_ok__both_together_an_attack_must_pass_twice_and_a_person_too() -> None:
    challenge = [
        PresentationRate("person", False, Rate(0.1, 0, 1, 100)),
        PresentationRate("screen", True, Rate(0.3, 0, 1, 100)),
    ]
    passive = passive_rates([0.9] * 8 + [0.1] * 2, [("mask", 0.9), ("mask", 0.1), ("screen", 0.1)], 0.5)
    person, screen = both(challenge, passive)
    assert person.rate.value == pytest.approx(1 - 0.9 * 0.8)
    assert screen.rate.value == pytest.approx(0.3 * 0.5)  # the worst species, half of which passes
    assert person.rate.low < person.rate.value < person.rate.high
    assert both(challenge, []) == []


def plain_config(folder: Path) -> Path:
    """A configuration that sets nothing the figures depend on."""
    path = folder / "plain.toml"
    path.write_text('[liveness]\nmode = "off"\n')
    return path


def test_ok__the_command_measures_the_network_on_people_and_attacks(
    models_dir: Path, photos_dir: Path, tmp_path: Path
) -> None:
    fetch_pack(load_manifest().passive_liveness, models_dir)
    for name in ("people/a", "people/b", "strangers", "attacks/blank"):
        (tmp_path / name).mkdir(parents=True)
    for i in (1, 2):
        shutil.copy(photos_dir / f"person-a-{i}.jpg", tmp_path / f"people/a/{i}.jpg")
        shutil.copy(photos_dir / "person-b-1.jpg", tmp_path / f"people/b/{i}.jpg")
    shutil.copy(photos_dir / "person-c-1.png", tmp_path / "strangers")
    cv2.imwrite(str(tmp_path / "attacks/blank/1.png"), np.zeros((200, 200, 3), np.uint8))
    arguments = ["evaluate", "--photos", str(tmp_path), "--dir", str(models_dir), "--no-cache", "--jobs", "1"]
    arguments += ["--presentations", "0", "--config", str(plain_config(tmp_path)), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    pad = json.loads(result.stdout)["pad"]
    people, blank = pad["passive"]
    assert (people["rate"]["count"], blank["name"], blank["rate"]["value"], pad["not_measured"]) == (3, "blank", 0, "")
