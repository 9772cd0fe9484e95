"""The district's one TOML file, `district.toml`, in the folder that `sitegate-district init` makes."""

import os
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError

from common.terminal.problems import problems
from common.text_files import NotUtf8, read_text

FILE_NAME = "district.toml"
FOLDER_VARIABLE = "SITEGATE_DISTRICT"
"""Names the district's folder for `district.settings`; the command sets it from `--folder`."""


class DistrictConfigError(ValueError):
    """A folder without district.toml, or with a wrong one. The text says what to do."""


class Section(BaseModel):
    """A section of district.toml."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class WebConfig(Section):
    """Where the pages are, and under which names people reach them."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65_535)
    public_url: str = ""
    """The address that people type, such as `https://district.example`. Empty: only this machine reaches the pages.
    """
    workers: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=128)


class HqFolder(Section):
    """HQ's folder, which holds hq.toml, on this machine."""

    folder: Path = Path("../hq")


class MailConfig(Section):
    """The mail server for invitations and warnings. Without one, mails are files in `mail/`."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65_535)
    username: str = ""
    password_path: Path | None = None
    sender: str = "sitegate@localhost"
    tls: bool = True


class WebhookConfig(Section):
    """Where webhooks may be sent besides the public internet: networks of the district's own programs."""

    networks: tuple[IPvAnyNetwork, ...] = ()


class BrokerConfig(Section):
    """The MQTT broker that gets cases. Without a host nothing is published."""

    host: str = ""
    port: int = Field(default=8883, ge=1, le=65_535)
    tls: bool = True
    ca_path: Path | None = None
    client_cert_path: Path | None = None
    client_key_path: Path | None = None
    username: str = ""
    password_path: Path | None = None
    topic: str = Field(default="district/cases", max_length=120, pattern=r"^[^#+\s/][^#+\s]*$")
    """Messages of a case go to TOPIC/SITE_ID; without a site to TOPIC."""


class RealnameConfig(Section):
    """The national real-name platform. Without an address nothing is uploaded."""

    url: str = ""
    signer: Literal["national", "md5", "md5-body"] = "national"
    app_id: str = ""
    secret_path: Path | None = None
    calls_per_minute: int = Field(default=60, ge=1, le=6_000)
    batch_wait_s: int = Field(default=300, ge=0, le=3_600)
    """A call carries up to 20 passages of a team. It waits so long for further ones."""


class DistrictConfig(Section):
    """Everything that `district.toml` says. Paths are relative to its folder."""

    folder: Path
    name: str = Field(default="District", max_length=80)
    time_zone: str = "Asia/Shanghai"
    language: Literal["zh-hans", "en"] = "zh-hans"
    database_url: str = ""
    """`postgresql://…`; empty: the file `district.db` in the folder."""
    demo: bool = False
    """Links sign in without a password, from this machine. Only for demonstrations: `sitegate-district demo`."""
    web: WebConfig = WebConfig()
    hq: HqFolder = HqFolder()
    mail: MailConfig = MailConfig()
    realname: RealnameConfig = RealnameConfig()
    webhooks: WebhookConfig = WebhookConfig()
    broker: BrokerConfig = BrokerConfig()

    def path(self, path: Path) -> Path:
        """Return a path that the file names, from the folder's view."""
        return path if path.is_absolute() else self.folder / path

    @property
    def keys(self) -> Path:
        """Return the folder with the keys; its owner alone may read it."""
        return self.folder / "keys"


def read_config(folder: Path) -> DistrictConfig:
    """Read `district.toml` of a folder. Raises DistrictConfigError."""
    path = folder / FILE_NAME
    try:
        written = tomllib.loads(read_text(path))
        return DistrictConfig.model_validate({**written, "folder": folder.resolve()})
    except FileNotFoundError:
        raise DistrictConfigError(f"{folder} has no {FILE_NAME}: type `sitegate-district init {folder}`") from None
    except (NotUtf8, tomllib.TOMLDecodeError) as error:
        raise DistrictConfigError(f"{path}: {error}") from error
    except ValidationError as error:
        raise DistrictConfigError(f"{path}: {problems(error)}") from error


def config_of_process() -> DistrictConfig | None:
    """Read the configuration of the folder in the environment. Return None if no folder is named. Raises
    DistrictConfigError.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    return read_config(Path(folder)) if folder else None
