"""HQ's keys, and one key pair per site. The site's private key goes to its gates and nowhere else."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.signing import read_sealing_private, read_sealing_public, read_signing_private, write_key_pair
from hq.config import FILE_NAME, template


@dataclass(frozen=True, slots=True)
class HqKeys:
    """`signing` proves what HQ says; `sealing` opens what was sealed for HQ."""

    folder: Path
    signing: Ed25519PrivateKey
    sealing: X25519PrivateKey

    def site(self, site_id: str) -> X25519PublicKey:
        """The key that seals for a site's gates. Raises BadKey."""
        return read_sealing_public(self.folder / "sites" / f"{site_id}.pub.pem")


def load(folder: Path) -> HqKeys:
    """The keys in an HQ folder. Raises BadKey."""
    keys = folder / "keys"
    return HqKeys(
        folder=keys,
        signing=read_signing_private(keys / "hq-signing.key.pem"),
        sealing=read_sealing_private(keys / "hq-sealing.key.pem"),
    )


def init(folder: Path, sites: tuple[str, ...], broker_port: int) -> list[Path]:
    """Make what is missing: hq.toml, HQ's keys, and a pair for each site. Nothing existing is touched.

    Returns:
        The new files.
    """
    keys = folder / "keys"
    (keys / "sites").mkdir(parents=True, exist_ok=True, mode=0o700)
    made: list[Path] = []
    pairs: list[tuple[type[Ed25519PrivateKey] | type[X25519PrivateKey], Path]] = [
        (Ed25519PrivateKey, keys / "hq-signing"),
        (X25519PrivateKey, keys / "hq-sealing"),
        *((X25519PrivateKey, keys / "sites" / site) for site in sites),
    ]
    for kind, stem in pairs:
        private, public = stem.with_name(f"{stem.name}.key.pem"), stem.with_name(f"{stem.name}.pub.pem")
        if not private.exists():
            write_key_pair(kind.generate(), private, public)
            made += [private, public]
    config = folder / FILE_NAME
    if not config.exists():
        config.write_text(template(sites, broker_port), encoding="utf-8")
        made.append(config)
    return made
