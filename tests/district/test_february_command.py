"""PROMISE: `sitegate-district february` says in one sentence why it cannot play the story, before it does anything."""

from datetime import timedelta
from pathlib import Path

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from typer.testing import CliRunner

from district.cli import app
from district.commands import february
from district.config import DistrictConfig
from district.emergency import registry
from district.emergency.rules import MeasureKind


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A demonstration on the test's database."""
    monkeypatch.setattr(february, "opened", lambda _folder: DistrictConfig(folder=tmp_path, demo=True))
    return tmp_path


def _says(*words: object) -> str:
    result = CliRunner().invoke(app, ["february", *map(str, words)])
    assert result.exit_code == 1, result.output
    return result.output.replace("\n", "")


def test_fail__people_walk_up_by_files_of_a_folder_that_is_not_there(folder: Path) -> None:
    assert "nowhere is no folder" in _says(folder, "--walk-ups", folder / "nowhere")


def test_fail__the_story_is_not_played_where_measures_hold(folder: Path, town: SmallDistrict) -> None:
    ends = timezone.localdate() + timedelta(days=3)
    registry.start_measure(
        "test", MeasureKind.TRACING, town.towns[0], purpose="To see it", legal_basis="Health law", ends=ends
    )
    assert "has measures in force" in _says(folder, "--walk-ups", folder)
