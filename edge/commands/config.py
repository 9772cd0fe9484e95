"""`sitegate config`: write, check and show the one TOML file."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined
from rich.prompt import Prompt

from common.terminal.console import styled
from edge.commands.common import DEFAULT_CONFIG, EXIT_USAGE, ConfigOption, JsonOption, example, fail, load_config, out
from edge.core.config import LIVENESS_MODES, NOT_CHOSEN, PHOTOS_LET_IN, Config, LivenessConfig
from edge.system import inline_secrets
from edge.system.inline_secrets import NotMoved

app = typer.Typer(no_args_is_help=True, help="Write, check and show the configuration.")

_HEADER = """\
# sitegate: the configuration of one gate.
# Every key is shown with its meaning and default; a key that is left out has its default.
# Relative paths are relative to this file. Check it with: sitegate config check
"""


@app.command(epilog=example("sitegate config init", "sitegate config init --out gate-7.toml"))
def init(
    out_path: Annotated[Path, typer.Option("--out", "-o", help="Where to write it.")] = DEFAULT_CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    liveness: Annotated[
        str | None,
        typer.Option(
            help=f"What is done about photos held to the camera: {', '.join(LIVENESS_MODES)}. Asked if left out."
        ),
    ] = None,
) -> None:
    """Write a configuration file with every key, its unit and its default.

    Only liveness.mode has no default. Without --liveness this command asks for it. Without a terminal it leaves the
    line to be filled in.
    """
    if out_path.exists() and not force:
        raise fail(f"{out_path} exists already; look at it with `sitegate config show -c {out_path}`, or add --force")
    if liveness is not None and liveness not in LIVENESS_MODES:
        raise fail(f"--liveness {liveness} is not one of {', '.join(LIVENESS_MODES)}", EXIT_USAGE)
    mode = liveness or (_ask_liveness() if sys.stdin.isatty() else NOT_CHOSEN)
    try:
        out_path.parent.mkdir(parents=True, exist_ok=True)
        out_path.write_text(commented_toml(mode), encoding="utf-8")
    except OSError as error:
        raise fail(f"{out_path} cannot be written ({error.strerror}); choose another place with --out") from error
    first = "" if mode else "liveness.mode (it has no default, and nothing starts without it), "
    out.print(f"wrote {out_path}; now set {first}site.site_id and site.gate_id, then: sitegate check -c {out_path}")
    if mode:
        warn_of_photos(LivenessConfig.model_validate({"mode": mode}))


@app.command(epilog=example("sitegate config check -c gate-7.toml"))
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the configuration file and show every problem at once. Nothing else is touched."""
    loaded = load_config(config)
    out.print(f"{config} is fine")
    warn_of_photos(loaded.liveness)


@app.command(epilog=example("sitegate config show", "sitegate config show --json"))
def show(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show the configuration in force: the file over the defaults, with secrets masked."""
    loaded = load_config(config)
    if as_json:
        out.print_json(json.dumps(loaded.model_dump(mode="json")))
        return
    for name, section in loaded:
        out.print(styled((f"[{name}]", "bold")))
        for key, value in section:
            default = type(section).model_fields[key].default
            changed = "" if value == default else "   # changed"
            shown = "# not set" if value is None else f"= {toml_value(value)}"
            out.print(styled(f"{key} {shown}", (changed, "dim")), soft_wrap=True)
        out.print()


@app.command("move-secrets", epilog=example("sudo sitegate config move-secrets"))
def move_secrets(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Move passwords out of the configuration into files of their own.

    Only the process that needs a password can read its file. You can run this command again.
    """
    load_config(config)
    try:
        moved = inline_secrets.move_secrets(config)
    except (NotMoved, OSError) as error:
        raise fail(str(error)) from error
    for one in moved:
        out.print(f"{one.key} is now in {one.path}", soft_wrap=True, highlight=False)
    if not moved:
        out.print(f"{config} holds no password")


def _ask_liveness() -> str:
    """Ask the person at this terminal. Enter alone is no answer."""
    off = f"let a photo of a worker in ({PHOTOS_LET_IN}): only where a guard watches"
    for line in (
        styled("Photos held to the camera. Which of these is this gate to do?"),
        styled("  challenge_on_doubt  ask for a turn of the head unless one was seen; for a gate that nobody watches"),
        styled("  required            ask everybody"),
        styled("  advisory            let everybody in, record the doubt"),
        styled("  off                 ", (off, "bold red")),
    ):
        out.print(line)
    try:
        return Prompt.ask("liveness.mode", console=out, choices=list(LIVENESS_MODES))
    except EOFError as error:
        raise fail("no answer; say it with --liveness", EXIT_USAGE) from error


def warn_of_photos(liveness: LivenessConfig) -> None:
    """Print in red what the liveness mode lets in. Print nothing if only live people pass."""
    if liveness.danger:
        out.print(styled((liveness.danger, "bold red")))


def commented_toml(liveness: str | None = None) -> str:
    """The whole default configuration as TOML with a comment above every key. `liveness`: the mode of [liveness], which
    has no default; None leaves it out."""
    blocks = [_HEADER]
    for name, field in Config.model_fields.items():
        section = field.annotation
        assert isinstance(section, type) and issubclass(section, BaseModel)
        lines = [f"# {(section.__doc__ or '').strip()}", f"[{name}]"]
        for key, info in section.model_fields.items():
            lines.append(f"# {info.description}{_bounds(info.metadata)}")
            default = None if info.default is PydanticUndefined else info.default
            default = liveness if (name, key) == ("liveness", "mode") else default
            lines.append(f"# {key} =" if default is None else f"{key} = {toml_value(default)}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def toml_value(value: Any) -> str:
    """A config value as TOML source; secrets masked unless empty."""
    if isinstance(value, SecretStr):
        return '"********"' if value.get_secret_value() else '""'
    if isinstance(value, Enum):
        return json.dumps(value.value)
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, Path):
        return json.dumps(str(value))
    return json.dumps(value)


def _bounds(metadata: list[Any]) -> str:
    """ " (from 50 to 10000)" where the key has both bounds."""
    low = next((m.ge for m in metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in metadata if hasattr(m, "le")), None)
    return f" From {low:g} to {high:g}." if low is not None and high is not None else ""
