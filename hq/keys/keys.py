"""HQ's keys, and one key pair per site. A site's private key is for its gates alone.

Each pair of files, NAME.key.pem and NAME.pub.pem, may hold several keys; the first is in use (`hq.keys.rotation`).
"""

from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from common import private_files
from common.ids import NoId
from contract.keyring import FollowedKeyFile, OpeningKeys
from contract.messages import ListKind
from contract.signing import BadKey, PrivateKey, read_sealing_public, signing_privates, write_key_pair
from hq.config import FILE_NAME, HqConfigError, template
from hq.keys.encryption import NAME, AtRest, new_key, text

SCREEN_ENDING = ".screen"
"""SITE.screen.key.pem opens a site's directory: a key for the screens of its gates alone."""
RESERVED_ENDINGS = (".key", ".pub", SCREEN_ENDING)
"""No site's id ends so: key files of other sites would have its names."""


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

    def screen(self, site_id: str) -> X25519PublicKey:
        """Return the key that seals for the screens of a site's gates.

        A site of an earlier version gets its pair now. Raises BadKey.
        """
        self.site(site_id)  # no pair for a site without keys
        make_screen_pair(self.folder, site_id)
        return read_sealing_public(public_path(self.folder, screen_of(site_id)))

    def reader(self, site_id: str, kind: ListKind) -> X25519PublicKey:
        """Return the key that a list is sealed for. Raises BadKey."""
        return self.screen(site_id) if kind is ListKind.DIRECTORY else self.site(site_id)


class NoSiteName(NoId):
    """A site whose key files would be those of something else. The text says what to do."""


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


def check_site_names(folder: Path, sites: Collection[str]) -> None:
    """Check that the key files of sites without any will be theirs alone. `folder`: of keys. Raises NoSiteName."""
    ending = ".pub.pem"
    held = {path.name.removesuffix(ending) for path in (folder / "sites").glob(f"*{ending}")}
    new = sorted(set(sites) - held)
    for site in new:
        if site.lower() in set(HqKey):
            raise NoSiteName(f"site {site!r}: keys of HQ have this name, choose another")
        if site.lower().endswith(RESERVED_ENDINGS):
            raise NoSiteName(f"site {site!r}: names of key files end like this, choose another")
        if twin := next((one for one in sorted(held | set(new)) if one != site and one.lower() == site.lower()), None):
            raise NoSiteName(
                f"site {site!r} differs from {twin!r} only in the case of its letters: some disks keep one key file "
                "for both. Choose another id"
            )


def screen_of(site_id: str) -> str:
    """Return the name of the key pair of a site's screens."""
    return f"{site_id}{SCREEN_ENDING}"


def site_of(what: str) -> str:
    """Return the site of a key pair: its own, or its screens'."""
    return what.removesuffix(SCREEN_ENDING)


def make_site_pair(folder: Path, site_id: str) -> list[Path]:
    """Make a site's key pairs in the folder of keys, unless they exist. Return the new files."""
    (folder / "sites").mkdir(parents=True, exist_ok=True, mode=0o700)
    return [*_make_pair(folder, site_id), *_make_pair(folder, screen_of(site_id))]


def make_screen_pair(folder: Path, site_id: str) -> None:
    """Make the pair of a site's screens, unless it exists. Raises BadKey: the folder cannot be written."""
    try:
        _make_pair(folder, screen_of(site_id))
    except FileExistsError:  # another process was faster
        return
    except OSError as error:
        raise BadKey(f"the key of the screens of {site_id} cannot be made in {folder}: {error.strerror}") from error


def _make_pair(folder: Path, what: str) -> list[Path]:
    private, public = private_path(folder, what), public_path(folder, what)
    if private.exists() or public.exists():  # a site's private key may be at its gates alone
        return []
    write_key_pair(new_pair(what), private, public)
    return [private, public]


def init(folder: Path, sites: tuple[str, ...], broker_port: int) -> list[Path]:
    """Make what is missing: hq.toml, HQ's keys, and a pair for each site. Existing files stay.

    Returns:
        The new files.

    Raises: HqConfigError if the folder is a part of the program.
    """
    if private_files.holds_program(folder):
        raise HqConfigError(f"{folder} holds this program: choose a folder elsewhere, such as ~/sitegate/hq")
    keys = folder / "keys"
    check_site_names(keys, sites)
    for place in (folder, keys, keys / "sites"):  # `parents` would make those above readable by all
        place.mkdir(parents=True, exist_ok=True, mode=private_files.FOLDER_OF_OWNER)
    made: list[Path] = []
    for what in (HqKey.SIGNING, HqKey.SEALING, *sites, *map(screen_of, sites)):
        made += _make_pair(keys, what)
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
