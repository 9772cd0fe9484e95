"""The project's pages name only files, links and commands that exist."""

import re
from pathlib import Path

import pytest
import typer

from edge.cli import app
from edge.core.config import Config

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _commands() -> set[str]:
    """Every `sitegate` command as typed: "run", "config init", …"""
    group = typer.main.get_command(app)
    found = set()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        found.add(name)
        found |= {f"{name} {sub}" for sub in getattr(command, "commands", {})}
    return found


@pytest.mark.parametrize("page", PAGES)
def test_ok__links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", _text(page)):
        if not target.startswith("https://"):
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page}: {target}"


def _anchors(page: str) -> set[str]:
    """Return every heading of a page in the form of a link's anchor."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", _text(page), flags=re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_ok__anchors_named_exist(page: str) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", _text(page)):
        if not target.startswith("https://"):
            other = (ROOT / page).parent.joinpath(target).resolve().relative_to(ROOT) if target else Path(page)
            assert anchor in _anchors(str(other)), f"{page}: {target}#{anchor}"


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_ok__files_named_exist(page: str) -> None:
    """Check paths in backticks, from the project's folder or from `edge/` or `hq/`."""
    for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|toml|md|cfg|service|tmpfiles))`", _text(page)):
        assert any((ROOT / start / path).exists() for start in ("", "edge", "hq")), f"{page}: {path}"


@pytest.mark.parametrize("page", PAGES)
def test_ok__scripts_named_exist(page: str) -> None:
    for name in re.findall(r"(?<![\w/])scripts/([a-z-]*[a-z](?:\.(?:py|sh))?)", _text(page)):
        assert (ROOT / "scripts" / name).exists(), f"{page}: scripts/{name}"


@pytest.mark.parametrize("page", PAGES)
def test_ok__sitegate_commands_named_exist(page: str) -> None:
    known = _commands()
    groups = {name.split()[0] for name in known if " " in name}
    for first, second in re.findall(r"`(?:sudo )?(?:\S*/)?sitegate ([a-z]+)(?: ([a-z]+))?", _text(page)):
        typed = f"{first} {second}" if first in groups and second else first
        assert typed in known, f"{page}: sitegate {typed}"


@pytest.mark.parametrize("page", PAGES)
def test_ok__tests_named_exist(page: str) -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", _text(page)):
        assert (ROOT / path).is_file(), f"{page}: {path}"
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8"), f"{page}: {path}::{name}"


@pytest.mark.parametrize("page", PAGES)
def test_ok__configuration_keys_named_exist(page: str) -> None:
    for section, key in re.findall(r"`\[(\w+)\] (\w+)`", _text(page)):
        assert section in Config.model_fields, f"{page}: [{section}]"
        assert key in type(getattr(Config(), section)).model_fields, f"{page}: [{section}] {key}"


def test_ok__readme_starts_with_the_two_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", _text("README.md"), flags=re.DOTALL)
    assert blocks[0].strip() == "scripts/demo"
    assert blocks[1].strip() == "scripts/test"


def test_ok__licence_is_whole() -> None:
    text = _text("LICENSE")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
