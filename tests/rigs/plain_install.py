"""Run a program of ours as on a gate: what requirements/gate.txt does not install cannot be imported.

python plain_install.py sitegate|sitegate-hq ARGUMENT...
python plain_install.py processes           import the three processes of a gate
python plain_install.py commands CONFIG     the help of each `sitegate` command, then what a gate is set up with
"""

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
PROCESSES = ("edge.app.gate", "edge.app.sync", "edge.app.screen")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class OnlyTheLock(MetaPathFinder):
    """Refuses the modules that belong to other packages than those of the lock file."""

    def __init__(self) -> None:
        lock = (ROOT / "requirements" / "gate.txt").read_text(encoding="utf-8")
        kept = {plain(name) for name in re.findall(r"^([\w.-]+)(?:\[\w+\])?==", lock, re.MULTILINE)} | {
            "sitegate",
            "pip",
        }
        found = packages_distributions()
        self.refused = {module for module, owners in found.items() if kept.isdisjoint(map(plain, owners))}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


GATE_COMMANDS = (
    "config check",
    "check",
    "models list",
    "models verify",
    "policy show",
    "roster status",
    "events list",
    "state migrate",
    "key show",
    "lock",
)


def every_command(config: str) -> None:
    import typer
    from typer.testing import CliRunner

    from edge.cli import app

    runner = CliRunner()
    wanted = [(*words, "--help") for words in commands(typer.main.get_command(app))]
    for words in [*wanted, *((*line.split(), "--config", config) for line in GATE_COMMANDS)]:
        done = runner.invoke(app, words)
        print(f"{done.exit_code} {' '.join(words[:-1] if words[-1] == '--help' else words[:-2])}")
        if done.exit_code:
            print(done.output, file=sys.stderr)


def main() -> None:
    finder = OnlyTheLock()
    sys.meta_path.insert(0, finder)
    program = sys.argv.pop(1)
    if program == "commands":
        every_command(sys.argv[1])
    elif program == "processes":
        for name in PROCESSES:
            importlib.import_module(name)
        print("refused:", *sorted(finder.refused))
    else:
        module = {"sitegate": "edge.cli", "sitegate-hq": "hq.__main__"}[program]
        importlib.import_module(module).main()


if __name__ == "__main__":
    main()
