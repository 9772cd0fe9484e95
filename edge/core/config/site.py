"""[site], [paths] and [keys]: which gate this is, and where its files are."""

from pathlib import Path

from pydantic import Field

from contract.messages import Direction, Id
from edge.core.config.section import ConfigSection


class SiteConfig(ConfigSection):
    """Which gate this is."""

    site_id: Id = Field(default="site-1", description="Id of this gate's site at HQ.")
    gate_id: Id = Field(default="gate-1", description="Id of this gate, unique across all sites.")
    direction: Direction = Field(default=Direction.IN, description='Direction of this gate: "in" or "out".')
    area: str = Field(
        default="",
        max_length=60,
        description="Name of the area behind this gate, for the manager. Presence, occupancy and anti-passback refer to it.",
    )


class PathsConfig(ConfigSection):
    """Where files are kept."""

    state_dir: Path = Field(
        default=Path("/var/lib/sitegate"),
        description="State folder with gate/, sync/ and desk/: one folder for each process that writes.",
    )
    models_dir: Path = Field(
        default=Path("/var/lib/sitegate/models"), description="Folder of verified weights (`sitegate models fetch`)."
    )


class KeysConfig(ConfigSection):
    """PEM files. `sitegate-hq init` makes them; only the site's private key is secret here."""

    hq_signing_public_path: Path = Field(
        default=Path("/etc/sitegate/keys/hq-signing.pub.pem"),
        description="Ed25519: verifies that lists and orders are HQ's.",
    )
    hq_sealing_public_path: Path = Field(
        default=Path("/etc/sitegate/keys/hq-sealing.pub.pem"),
        description="X25519: seals enrolments made here for HQ.",
    )
    site_private_path: Path = Field(
        default=Path("/etc/sitegate/keys/site.key.pem"),
        description="X25519: opens lists sealed for this site. Readable by the gate process only. "
        '"credential:NAME" means a systemd credential of its unit.',
    )
    screen_private_path: Path = Field(
        default=Path("/etc/sitegate/keys/screen.key.pem"),
        description="X25519: opens the list of names sealed for this site's screens. Readable by the screen process only. "
        'Without it pages show ids. "credential:NAME" means a systemd credential of its unit.',
    )
    gate_signing_path: Path | None = Field(
        default=None,
        description="Ed25519, made here by the gate process: signs this gate's events and its commissioning. Unset: in its "
        'own folder. "credential:NAME" means a systemd credential of its unit.',
    )
    link_signing_path: Path | None = Field(
        default=None,
        description="Ed25519, made here by the sync process: signs its status, health and requests. Unset: in its own folder.",
    )
