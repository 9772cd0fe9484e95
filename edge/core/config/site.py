"""[site], [paths] and [keys]: which gate this is, and where its files are."""

from pathlib import Path

from pydantic import Field

from contract.messages import Direction, Id
from edge.core.config.section import ConfigSection


class SiteConfig(ConfigSection):
    """Which gate this is."""

    site_id: Id = Field(default="site-1", description="The site this gate belongs to, as HQ calls it.")
    gate_id: Id = Field(default="gate-1", description="This gate; unique within all sites.")
    direction: Direction = Field(default=Direction.IN, description='The way people pass here: "in" or "out".')
    area: str = Field(
        default="",
        max_length=60,
        description="What this gate leads to, in words for the manager: presence, occupancy and anti-passback mean this area.",
    )


class PathsConfig(ConfigSection):
    """Where files are kept."""

    state_dir: Path = Field(
        default=Path("/var/lib/sitegate"), description="gate/, sync/ and desk/: a folder for each process that writes."
    )
    models_dir: Path = Field(
        default=Path("/var/lib/sitegate/models"), description="Verified weights (`sitegate models fetch`)."
    )


class KeysConfig(ConfigSection):
    """PEM files. `sitegate-hq init` makes them; only the site's private key is secret here."""

    hq_signing_public_path: Path = Field(
        default=Path("/etc/sitegate/keys/hq-signing.pub.pem"),
        description="Ed25519: proves that lists and commands are HQ's.",
    )
    hq_sealing_public_path: Path = Field(
        default=Path("/etc/sitegate/keys/hq-sealing.pub.pem"),
        description="X25519: enrolments made here are sealed for HQ.",
    )
    site_private_path: Path = Field(
        default=Path("/etc/sitegate/keys/site.key.pem"),
        description="X25519: opens lists sealed for this site. Readable by the gate process only. "
        '"credential:NAME" stands for a systemd credential of its unit.',
    )
    gate_signing_path: Path | None = Field(
        default=None,
        description="Ed25519, made here by the gate process: signs this gate's events and its commissioning. Unset: in its "
        'own folder. "credential:NAME" stands for a systemd credential of its unit.',
    )
    link_signing_path: Path | None = Field(
        default=None,
        description="Ed25519, made here by the sync process: signs its status, health and requests. Unset: in its own folder.",
    )
