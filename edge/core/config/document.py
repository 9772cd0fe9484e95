"""The whole configuration: loaded from a TOML file, with all errors at once."""

import errno
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from common.config_paths import path_problem
from common.terminal.problems import problem
from common.text_files import NotUtf8, text_of
from common.unknown_keys import keys_at, unknown_key
from edge.core.config.camera import CameraConfig
from edge.core.config.decision import DecisionConfig, ReaderConfig, TemperatureConfig
from edge.core.config.gate import GateConfig, IndicatorConfig
from edge.core.config.liveness import LivenessConfig
from edge.core.config.matcher import MatcherConfig
from edge.core.config.network import HomeAssistantConfig, ScreenConfig, SyncConfig
from edge.core.config.section import ConfigError, ConfigSection
from edge.core.config.site import KeysConfig, PathsConfig, SiteConfig
from edge.core.config.storage import DiskConfig, JournalConfig

SIZE_MAX = 1_000_000


class Config(ConfigSection):
    """Everything that a technician configures at one gate."""

    site: SiteConfig = SiteConfig()
    paths: PathsConfig = PathsConfig()
    keys: KeysConfig = KeysConfig()
    camera: CameraConfig = CameraConfig()
    matcher: MatcherConfig = MatcherConfig()
    liveness: LivenessConfig = LivenessConfig()
    reader: ReaderConfig = ReaderConfig()
    temperature: TemperatureConfig = TemperatureConfig()
    decision: DecisionConfig = DecisionConfig()
    gate: GateConfig = GateConfig()
    indicator: IndicatorConfig = IndicatorConfig()
    journal: JournalConfig = JournalConfig()
    disk: DiskConfig = DiskConfig()
    sync: SyncConfig = SyncConfig()
    screen: ScreenConfig = ScreenConfig()
    home_assistant: HomeAssistantConfig = HomeAssistantConfig()

    @model_validator(mode="after")
    def _pins_used_once(self) -> "Config":
        users: dict[int, list[str]] = {}
        for section in ("gate", "indicator"):
            for key, value in getattr(self, section):
                if key.endswith("_pin") and value is not None:
                    users.setdefault(value, []).append(f"{section}.{key}")
        clashes = [f"pin {pin} is used by {' and '.join(keys)}" for pin, keys in sorted(users.items()) if len(keys) > 1]
        if clashes:
            raise ValueError("; ".join(clashes))
        return self


def load(path: Path) -> Config:
    """Load the configuration from a TOML file. Relative paths in it are relative to the file.

    Raises:
        ConfigError: unreadable file, broken TOML, or any wrong key or value; all of them at once.
    """
    try:
        text = _text(path)
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            path, [f"cannot be read ({error.strerror}); make one with: sitegate config init --out {path}"]
        ) from error
    except NotUtf8 as error:
        raise ConfigError(path, [str(error)]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"is not valid TOML: {error}"]) from error
    if not data:  # every key has a default: a file emptied by a power cut would drive pins that nobody chose
        said = "holds no settings" if text.strip() else "is empty"
        raise ConfigError(
            path, [f"{said}: bring back a copy of it, or make one with: sitegate config init --out {path}"]
        )
    return parse(data, path)


def _text(path: Path) -> str:
    """Read the file, if its size is plausible. Raises OSError, NotUtf8."""
    with path.open("rb") as file:
        data = file.read(SIZE_MAX + 1)
    if len(data) > SIZE_MAX:
        raise OSError(errno.EFBIG, "larger than any configuration: is it another file?", str(path))
    return text_of(data)


def parse(data: dict[str, Any], path: Path | None = None) -> Config:
    """Build the configuration from a parsed TOML document; see `load`."""
    base = path.parent.resolve() if path else Path.cwd()
    wrong = list(_wrong_paths(data))
    try:
        config = Config.model_validate(_absolute(data, base))
    except ValidationError as error:
        raise ConfigError(path, [*wrong, *(_explain(e) for e in error.errors())]) from error
    if wrong:
        raise ConfigError(path, wrong)
    return config


def _wrong_paths(data: dict[str, Any], within: str = "") -> Iterator[str]:
    """Find paths with ~ or variables: no shell reads them, so they would become names of folders. Devices are paths
    too."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _wrong_paths(value, f"{within}{key}.")
        elif isinstance(value, str) and (_is_path(key) or key.endswith("device") or key == "pack"):
            shown = value.partition(":")[2] if key == "pack" else value
            if problem := path_problem(shown):
                yield f"{within}{key}: {problem}"


def _is_path(key: str) -> bool:
    return key == "path" or key.endswith(("_path", "_dir"))


def _absolute(data: dict[str, Any], base: Path) -> dict[str, Any]:
    """Make the paths in the file absolute, so that the working directory never matters."""
    done: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            done[key] = _absolute(value, base)
        elif isinstance(value, str) and _is_path(key):
            done[key] = value if value.startswith("credential:") else base / value
        else:
            done[key] = value
    return done


def _explain(error: Any) -> str:
    """Explain one pydantic error in a line, with the key's full name and what to do."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return unknown_key(where, str(error["loc"][-1]), sorted(keys_at(Config, error["loc"][:-1])))
    return problem(error)
