"""[sync], [screen] and [home_assistant]: the processes that have a network."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from edge.core.config.section import ConfigSection

_Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
_Place = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$")]


class SyncConfig(ConfigSection):
    """The connection to HQ's MQTT broker."""

    broker_host: str = Field(default="localhost", min_length=1, description="Broker name or address.")
    broker_port: int = Field(default=8883, ge=1, le=65_535, description="Broker port.")
    tls: bool = Field(default=True, description="Use TLS. It may be off only for a broker on this machine.")
    ca_path: Path | None = Field(default=None, description="CA certificate of the broker; unset: the system's.")
    client_cert_path: Path | None = Field(default=None, description="This gate's certificate.")
    client_key_path: Path | None = Field(default=None, description="This gate's certificate key.")
    username: str = Field(default="", description="Broker user name, if it asks for one.")
    password: SecretStr = Field(
        default=SecretStr(""), description="Broker password. All processes read this file: prefer password_path."
    )
    password_path: Path | None = Field(
        default=None,
        description="File with the broker password, which only the sync process reads. "
        '"credential:NAME" means a systemd credential of its unit.',
    )
    keepalive_s: int = Field(default=20, ge=5, le=300, description="MQTT keep-alive.")
    connect_timeout_s: float = Field(default=10, ge=1, le=60, description="Time limit of one connection attempt.")
    backoff_min_s: float = Field(
        default=0.5, ge=0.1, le=60, description="First pause before reconnecting; doubles, with jitter."
    )
    backoff_max_s: float = Field(default=60, ge=1, le=3600, description="Longest pause before reconnecting.")
    batch_events: int = Field(default=50, ge=1, le=500, description="Events in one message.")
    window_batches: int = Field(default=8, ge=1, le=100, description="Messages sent ahead of HQ's acknowledgement.")
    ack_timeout_s: float = Field(
        default=10, ge=1, le=600, description="Unacknowledged events are sent again after this time."
    )
    health_every_s: float = Field(default=15, ge=1, le=3600, description="Pause between health messages.")

    @model_validator(mode="after")
    def _plain_only_here(self) -> "SyncConfig":
        if not self.tls and not _is_loopback(self.broker_host):
            raise ValueError(f"tls = false is allowed only for a broker on this machine, not for {self.broker_host!r}")
        if (self.client_cert_path is None) != (self.client_key_path is None):
            raise ValueError("client_cert_path and client_key_path belong together")
        return self


class ScreenConfig(ConfigSection):
    """The local web pages."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on; keep it local unless the site's network is trusted.",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="Port; 0 picks a free one.")
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$",
        description='Language of the pages: one of the files in edge/screen/text, "en" or "zh".',
    )
    public_url: str = Field(
        default="",
        max_length=200,
        pattern=r"^(|https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?(/[A-Za-z0-9_-]+)*/?)$",
        description='Address of the pages behind a reverse proxy, with the sub-path if there is one: "https://gate.example" '
        'or "https://site.example/north-gate". "": there is no proxy.',
    )
    kept_days: float = Field(
        default=90,
        ge=0,
        le=365,
        description="A screen on this machine may stay signed in for so many days, by choice at the sign-in. It only looks: no "
        "names, no admissions. 0: never.",
    )
    proxy_user: str = Field(
        default="",
        max_length=32,
        pattern=r"^(|[a-z_][a-z0-9_-]*)$",
        description='User of this machine that the proxy runs as ("www-data"). Only its word about who visits is believed.',
    )
    preview_hz: float = Field(
        default=10,
        ge=0,
        le=15,
        description="Pictures per second of the person who approaches, mirrored on the lane page. They stay in this "
        "machine's memory. 0: none.",
    )
    desk_place: dict[_Language, _Place] = Field(
        default={},
        max_length=20,
        description='Where the desk is, for the lane page, in each language: { en = "blue container", zh = "蓝色集装箱" }.',
    )
    desk_arrow: Literal["", "left", "right", "up", "down"] = Field(
        default="",
        description='Arrow to the desk on the lane page, as seen by the person: "left", "right", "up" (straight on) or '
        '"down" (behind them). Empty: none.',
    )
    visit_h: float = Field(
        default=12, ge=1, le=24, description="Longest visit that the guard's page offers; a badge ends with it."
    )
    visitors_kept_days: float = Field(
        default=14,
        ge=0,
        le=90,
        description="Names of visitors are forgotten so many days after the visit. Events keep an opaque id.",
    )


class HomeAssistantConfig(ConfigSection):
    """Home Assistant on the same broker may show this gate as a device, with nothing about people."""

    discovery: bool = Field(
        default=False, description="Publish a discovery message. Switched off again, the message is removed."
    )
    prefix: str = Field(
        default="homeassistant",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        max_length=100,
        description="Home Assistant's discovery prefix. The broker must let this gate write below it.",
    )

    @model_validator(mode="after")
    def _not_ours(self) -> "HomeAssistantConfig":
        if self.prefix.split("/")[0] == "sitegate":
            raise ValueError("prefix must lie outside of sitegate/, which is between gates and HQ")
        return self


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
