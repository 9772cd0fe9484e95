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
            made_later = source.startswith("./data/")
            assert source in parts.get("volumes", ()) or made_later or (DEPLOY / source).exists(), source


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


@pytest.mark.parametrize("name", [".dockerignore", ".gitignore"])
def test_ok__keys_and_passwords_stay_out_of_image_and_repository(name: str) -> None:
    kept_out = {line.rstrip("/") for line in (DEPLOY.parent / name).read_text(encoding="utf-8").splitlines()}
    assert {"deploy/data", "deploy/.env", "deploy/database.password"} <= kept_out


def test_ok__the_first_start_makes_every_folder_that_the_containers_use() -> None:
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    made = re.search(r"sudo install --directory .*", readme)
    assert made
    for name in ("compose.yaml", "compose.mosquitto.yaml"):
        for service in read(name)["services"].values():
            for volume in service.get("volumes", ()):
                if volume.startswith("./data/"):
                    assert "/".join(volume.split(":")[0].split("/")[1:3]) in made[0].split(), volume
