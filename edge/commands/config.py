"""`sitegate config`: write, check and show the one TOML file."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from contract.terminal.console import styled
from edge.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, example, fail, load_config, out
from edge.config import Config

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
) -> None:
    """Write a commented configuration with every key, its unit and its default."""
    if out_path.exists() and not force:
        raise fail(f"{out_path} exists already; look at it with `sitegate config show -c {out_path}`, or add --force")
    try:
        out_path.parent.mkdir(parents=True, exist_ok=True)
        out_path.write_text(commented_toml(), encoding="utf-8")
    except OSError as error:
        raise fail(f"{out_path} cannot be written ({error.strerror}); choose another place with --out") from error
    out.print(f"wrote {out_path}; now set site.site_id and site.gate_id, then: sitegate check -c {out_path}")


@app.command(epilog=example("sitegate config check -c gate-7.toml"))
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the file alone: every problem at once, nothing else touched."""
    load_config(config)
    out.print(f"{config} is fine")


@app.command(epilog=example("sitegate config show", "sitegate config show --json"))
def show(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show what is in force: the file over the defaults, secrets masked."""
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


def commented_toml() -> str:
    """The whole default configuration as TOML with a comment above every key."""
    blocks = [_HEADER]
    for name, field in Config.model_fields.items():
        section = field.annotation
        assert isinstance(section, type) and issubclass(section, BaseModel)
        lines = [f"# {(section.__doc__ or '').strip()}", f"[{name}]"]
        for key, info in section.model_fields.items():
            lines.append(f"# {info.description}{_bounds(info.metadata)}")
            default = None if info.default is PydanticUndefined else info.default
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
    if isinstance(value, Path):
        return json.dumps(str(value))
    return json.dumps(value)


def _bounds(metadata: list[Any]) -> str:
    """ " (from 50 to 10000)" where the key has both bounds."""
    low = next((m.ge for m in metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in metadata if hasattr(m, "le")), None)
    return f" From {low:g} to {high:g}." if low is not None and high is not None else ""
