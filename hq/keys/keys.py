"""HQ's keys, and one key pair per site. The site's private key goes to its gates and nowhere else.

Each pair of files, NAME.key.pem and NAME.pub.pem, may hold several keys; the first is in use (`hq.keys.rotation`).
"""

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.ids import NoId
from contract.keyring import Followed, OpeningKeys
from contract.signing import PrivateKey, read_sealing_public, signing_privates, write_key_pair
from hq.config import FILE_NAME, template
from hq.keys.encryption import NAME, AtRest, new_key, text


class HqKeys:
    """The keys of a folder, followed: a process that runs uses a new one at once. Raises BadKey."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signing = Followed(folder / "hq-signing.key.pem", signing_privates)
        self.opening = OpeningKeys(folder / "hq-sealing.key.pem")
        """Open what was sealed for HQ."""
        self.at_rest = AtRest(folder)

    @property
    def signing(self) -> Ed25519PrivateKey:
        """Proves what HQ says."""
        return self._signing.current()[0]

    @property
    def sealing(self) -> X25519PrivateKey:
        """The private half of the key that seals for HQ."""
        return self.opening.current()[0]

    def site(self, site_id: str) -> X25519PublicKey:
        """The key that seals for a site's gates. Raises BadKey."""
        return read_sealing_public(self.folder / "sites" / f"{site_id}.pub.pem")


def load(folder: Path) -> HqKeys:
    """The keys in an HQ folder. Raises BadKey."""
    return HqKeys(folder / "keys")


def stem(folder: Path, what: str) -> Path:
    """The beginning of the paths of a pair in the folder of keys: of "signing", "sealing", or a site."""
    return folder / f"hq-{what}" if what in ("signing", "sealing") else folder / "sites" / what


def private_path(folder: Path, what: str) -> Path:
    return _with_ending(stem(folder, what), "key")


def public_path(folder: Path, what: str) -> Path:
    return _with_ending(stem(folder, what), "pub")


def _with_ending(path: Path, kind: str) -> Path:
    return path.with_name(f"{path.name}.{kind}.pem")


def new_pair(what: str) -> PrivateKey:
    kind: Callable[[], PrivateKey] = Ed25519PrivateKey.generate if what == "signing" else X25519PrivateKey.generate
    return kind()


def init(folder: Path, sites: tuple[str, ...], broker_port: int) -> list[Path]:
    """Make what is missing: hq.toml, HQ's keys, and a pair for each site. Nothing existing is touched.

    Returns:
        The new files.
    """
    if odd := sorted({"signing", "sealing", "at-rest"} & set(sites)):
        raise NoId(f"site {odd[0]!r}: keys of HQ have this name, choose another")
    keys = folder / "keys"
    (keys / "sites").mkdir(parents=True, exist_ok=True, mode=0o700)
    made: list[Path] = []
    for what in ("signing", "sealing", *sites):
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
        config.write_text(template(sites, broker_port), encoding="utf-8")
        made.append(config)
    return made
