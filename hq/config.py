"""HQ's one TOML file, `hq.toml`, in the folder that `sitegate-hq init` makes."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from common.broker.access import LinkError
from common.config_paths import path_problem
from common.terminal.problems import problem
from common.text_files import NotUtf8, read_text
from common.unknown_keys import unknown_keys
from contract.messages import Id

FILE_NAME = "hq.toml"
KEEP_DAYS_MIN = 30
"""Presence, answers to commands and gaps look back at events of some days."""
_BROKER_FILES = ("ca_path", "client_cert_path", "client_key_path", "password_path")


class HqConfigError(ValueError):
    """A folder without hq.toml, or with a wrong one. The text says what to do."""


class HqSection(BaseModel):
    """A section of hq.toml."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class BrokerConfig(HqSection):
    """The MQTT broker that gates and HQ meet at."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65_535)
    tls: bool = False
    ca_path: Path | None = None
    client_cert_path: Path | None = None
    client_key_path: Path | None = None
    username: str = ""
    password: SecretStr = SecretStr("")
    password_path: Path | None = None
    """A file with the password, and nothing else."""
    keepalive_s: int = Field(default=20, ge=5, le=300)
    connect_timeout_s: float = Field(default=10, ge=1, le=60)

    @model_validator(mode="after")
    def _pairs(self) -> "BrokerConfig":
        if (self.client_cert_path is None) != (self.client_key_path is None):
            raise ValueError("client_cert_path and client_key_path belong together")
        if self.password_path is not None and self.password.get_secret_value():
            raise ValueError("password and password_path exclude each other: remove password")
        return self

    def read_password(self) -> str:
        """Read the password. This happens at each connection. Raises LinkError."""
        if self.password_path is None:
            return self.password.get_secret_value()
        try:
            return read_text(self.password_path).strip()
        except (OSError, NotUtf8) as error:
            why = getattr(error, "strerror", None) or error
            raise LinkError(f"broker.password_path: {self.password_path}: {why}") from error


class ListsConfig(HqSection):
    """When HQ publishes lists by itself. With an old list gates become cautious, then admit nobody."""

    reissue_after_h: float = Field(default=6, gt=0, le=24 * 7)
    whole_after_h: float = Field(default=24, gt=0, le=24 * 30)
    """Maximum time until replaced templates, and what a gate has of people who left its site, leave the gate's files.
    Withdrawn templates leave at once."""
    publish_after_s: float = Field(default=0.5, ge=0, le=3600)
    """So long a change waits for others before the running HQ publishes it: they travel in one version. A change of the
    risk list never waits."""


class MetricsConfig(HqSection):
    """HQ's own numbers for Prometheus."""

    port: int = Field(default=0, ge=0, le=65_535)
    """Served on this machine only; 0 is none. `sitegate-hq ingest --metrics-port` gives each further process its
    own."""


class GatesConfig(HqSection):
    """Gates that are not registered (`sitegate-hq gate`)."""

    take_unsigned_until: date | datetime | None = None
    """Up to the end of this day, or this moment, they are accepted as before version 1.3; unset: never."""

    @property
    def unsigned_until(self) -> datetime | None:
        until = self.take_unsigned_until
        if until is None:
            return None
        if not isinstance(until, datetime):
            until = datetime.combine(until + timedelta(days=1), time())
        return until if until.tzinfo else until.replace(tzinfo=UTC)


class EventsConfig(HqSection):
    """How long HQ keeps events."""

    keep_days: int = Field(default=0, ge=0, le=36_500)
    """Older events are removed, by the time at which HQ received them; 0: never."""

    @model_validator(mode="after")
    def _not_short(self) -> "EventsConfig":
        if 0 < self.keep_days < KEEP_DAYS_MIN:
            raise ValueError(f"keep_days: at least {KEEP_DAYS_MIN}, or 0 to keep events for ever")
        return self

    @property
    def keep(self) -> timedelta | None:
        return timedelta(days=self.keep_days) if self.keep_days else None


class HqConfig(HqSection):
    """The whole hq.toml.

    `folder`: its folder. `database_url`: SQLAlchemy's; a relative SQLite path starts at the folder.
    """

    folder: Path
    database_url: str = "sqlite:///hq.db"
    sites: tuple[Id, ...] = ()
    """Sites that a start adds if HQ never had them (`hq.registry.sites`). The others are in the database alone."""
    broker: BrokerConfig = BrokerConfig()
    lists: ListsConfig = ListsConfig()
    metrics: MetricsConfig = MetricsConfig()
    gates: GatesConfig = GatesConfig()
    events: EventsConfig = EventsConfig()
    enrolments: dict[Id, Literal["approve", "trust"]] = {}
    """Site -> "trust": what its gates enrol counts at once. "approve", the default: a person at HQ approves it
    first."""

    @property
    def trusted_sites(self) -> frozenset[str]:
        """Sites whose gates' enrolments need no approval."""
        return frozenset(site for site, how in self.enrolments.items() if how == "trust")

    @property
    def url(self) -> str:
        prefix = "sqlite:///"
        path = self.database_url.removeprefix(prefix)
        if self.database_url.startswith(prefix) and not path.startswith(("/", ":")):
            return f"{prefix}{self.folder / path}"
        return self.database_url


def load(folder: Path) -> HqConfig:
    """Read the configuration in a folder. Raises HqConfigError with every problem."""
    path = folder.resolve() / FILE_NAME
    try:
        data = tomllib.loads(read_text(path))
        config = HqConfig.model_validate({**data, "folder": path.parent})
    except OSError as error:
        raise HqConfigError(
            f"{path} cannot be read ({error.strerror}); make it with: sitegate-hq init {folder}"
        ) from error
    except NotUtf8 as error:
        raise HqConfigError(f"{path} {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise HqConfigError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [f"  - {one}" for one in _problems(data, error)]
        raise HqConfigError(f"{path}: {len(lines)} problem(s)\n" + "\n".join(lines)) from error
    if wrong := list(_wrong_paths(config)):
        raise HqConfigError(f"{path}: {len(wrong)} problem(s)\n" + "\n".join(f"  - {line}" for line in wrong))
    return _from_folder(config)


def _problems(data: Mapping[str, Any], error: ValidationError) -> Iterator[str]:
    yield from unknown_keys(HqConfig, data)
    yield from (problem(one) for one in error.errors(include_url=False) if one["type"] != "extra_forbidden")


def _from_folder(config: HqConfig) -> HqConfig:
    """Resolve relative paths from hq.toml's folder. Version 0.2 also took a CA relative to the working folder."""
    found: dict[str, Path] = {}
    for key in _BROKER_FILES:
        path: Path | None = getattr(config.broker, key)
        if path is not None and not path.is_absolute():
            here = config.folder / path
            found[key] = path.absolute() if key == "ca_path" and path.exists() and not here.exists() else here
    return config.model_copy(update={"broker": config.broker.model_copy(update=found)})


def _wrong_paths(config: HqConfig) -> Iterator[str]:
    named = {f"broker.{key}": str(getattr(config.broker, key) or "") for key in _BROKER_FILES}
    if config.database_url.startswith("sqlite:///"):
        named["database_url"] = config.database_url.removeprefix("sqlite:///")
    for key, text in named.items():
        if problem := path_problem(text):
            yield f"{key}: {problem}"


def template(sites: tuple[str, ...], port: int, url: str = "sqlite:///hq.db") -> str:
    """Return the text of a new hq.toml."""
    names = ", ".join(f'"{site}"' for site in sites)
    return f"""# HQ of sitegate. Keys lie in keys/, one pair per site in keys/sites/.
sites = [{names}]   # a start adds these; all others: sitegate-hq site add SITE --by YOU
database_url = {json.dumps(url)}

[broker]
host = "127.0.0.1"
port = {port}
tls = false          # true, with ca_path, for any broker that is not on this machine
# ca_path = "ca.pem"               # the authority of the broker's certificate; paths start at this folder
# username = "hq"                  # if the broker asks for one: sitegate-hq broker-config makes all of it
# password_path = "broker.password"  # a file with the password; or: password = "..."
# client_cert_path = "hq.crt.pem"  # instead of a password, with client_key_path

[lists]
reissue_after_h = 6  # unchanged lists are signed again, so that gates know they are current
whole_after_h = 24   # what was replaced, or left a site, leaves its gates' files within this; what was withdrawn, at once

[gates]
# take_unsigned_until = 2027-03-31   # gates of before version 1.3, which are not registered, are taken up to then

[events]
# keep_days = 365    # older events are removed; without it, never

[enrolments]
# site-1 = "trust"   # what gates of this site enrol counts without: sitegate-hq enrolments approve

[metrics]
port = 0             # Prometheus: http://127.0.0.1:PORT/metrics; 0 is none
"""
