"""HQ's keys, and one key pair per site. A site's private key is for its gates alone.

Each pair of files, NAME.key.pem and NAME.pub.pem, may hold several keys; the first is in use (`hq.keys.rotation`).
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from common import private_files
from common.ids import NoId
from contract.keyring import FollowedKeyFile, OpeningKeys
from contract.signing import PrivateKey, read_sealing_public, signing_privates, write_key_pair
from hq.config import FILE_NAME, template
from hq.keys.encryption import NAME, AtRest, new_key, text


class HqKey(StrEnum):
    """HQ's own keys.

    A key that is none of these belongs to the site of that name; no site may have one of these names.
    """

    SIGNING = "signing"
    SEALING = "sealing"
    AT_REST = "at-rest"


class HqKeys:
    """The keys of a folder. A running process uses a new key at once. Raises BadKey."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signing = FollowedKeyFile(folder / "hq-signing.key.pem", signing_privates)
        self.opening = OpeningKeys(folder / "hq-sealing.key.pem")
        """Keys that open what was sealed for HQ."""
        self.at_rest = AtRest(folder)

    @property
    def signing(self) -> Ed25519PrivateKey:
        """The key that signs what HQ says."""
        return self._signing.current()[0]

    @property
    def sealing(self) -> X25519PrivateKey:
        """The private half of the key that others seal with for HQ."""
        return self.opening.current()[0]

    def site(self, site_id: str) -> X25519PublicKey:
        """Return the key that seals for a site's gates. Raises BadKey."""
        return read_sealing_public(self.folder / "sites" / f"{site_id}.pub.pem")


def load(folder: Path) -> HqKeys:
    """Open the keys in an HQ folder. Raises BadKey."""
    return HqKeys(folder / "keys")


def stem(folder: Path, what: str) -> Path:
    """Return how the paths of a key pair begin: of "signing", "sealing", or a site."""
    return folder / f"hq-{what}" if what in (HqKey.SIGNING, HqKey.SEALING) else folder / "sites" / what


def private_path(folder: Path, what: str) -> Path:
    """Return the file with the private keys of "signing", "sealing", or a site."""
    return _with_ending(stem(folder, what), "key")


def public_path(folder: Path, what: str) -> Path:
    """Return the file with the public keys of "signing", "sealing", or a site."""
    return _with_ending(stem(folder, what), "pub")


def _with_ending(path: Path, kind: str) -> Path:
    return path.with_name(f"{path.name}.{kind}.pem")


def new_pair(what: str) -> PrivateKey:
    """Make a key of the kind that "signing", or anything else, needs."""
    kind: Callable[[], PrivateKey] = Ed25519PrivateKey.generate if what == HqKey.SIGNING else X25519PrivateKey.generate
    return kind()


def init(folder: Path, sites: tuple[str, ...], broker_port: int) -> list[Path]:
    """Make what is missing: hq.toml, HQ's keys, and a pair for each site. Existing files stay.

    Returns:
        The new files.
    """
    if odd := [site for site in sorted(sites) if site in set(HqKey)]:
        raise NoId(f"site {odd[0]!r}: keys of HQ have this name, choose another")
    keys = folder / "keys"
    for place in (folder, keys, keys / "sites"):  # `parents` would make those above readable by all
        place.mkdir(parents=True, exist_ok=True, mode=private_files.FOLDER_OF_OWNER)
    made: list[Path] = []
    for what in (HqKey.SIGNING, HqKey.SEALING, *sites):
        private, public = private_path(keys, what), public_path(keys, what)
        if not private.exists() and not public.exists():  # a site's private key may be at its gates alone
            write_key_pair(new_pair(what), private, public)
            made += [private, public]
    at_rest = keys / NAME
    if not at_rest.exists():
        at_rest.touch(mode=0o600)
        at_rest.write_bytes(text([new_key()]))
        made.append(at_rest)
    config = folder / FILE_NAME
    if not config.exists():
        private_files.write_new(config, template(sites, broker_port).encode())
        made.append(config)
    return made
