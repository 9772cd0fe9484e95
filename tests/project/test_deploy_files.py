"""PROMISE: the compose files start only commands that exist, and name every file that they need."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from district.cli import app as district
from hq.cli import app as hq

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMMANDS = {"sitegate-district": district, "sitegate-hq": hq}


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", ["compose.yaml", "compose.mosquitto.yaml", "compose.emqx.yaml"])
def test_ok__volumes_and_files_are_there(name: str) -> None:
    parts = read(name)
    for service in parts["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            made_later = source.startswith("./broker/")
            assert source in parts["volumes"] or made_later or (DEPLOY / source).exists(), source


def test_ok__each_command_exists() -> None:
    for name, service in read("compose.yaml")["services"].items():
        command = service.get("command", [""])
        if command[0] in COMMANDS:
            known: Any = get_command(COMMANDS[command[0]])
            assert command[1] in known.commands, name


def test_ok__images_name_their_version() -> None:
    for name in ("compose.yaml", "compose.mosquitto.yaml", "compose.emqx.yaml"):
        for service in read(name)["services"].values():
            image = service.get("image", "sitegate-district")
            assert image == "sitegate-district" or re.search(r":\d", image), image


def test_ok__what_the_image_installs_is_locked() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for path in re.findall(r"--requirement (\S+)", text):
        assert (DEPLOY.parent / path).exists(), path
