"""Check HQ's folder: rights of its files, keys, database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from common import private_files
from common.check_result import CheckResult, CheckState
from contract.signing import BadKey
from hq.config import FILE_NAME, HqConfig
from hq.database.store import Store, database_files
from hq.keys import keys
from hq.keys.encryption import NAME as AT_REST
from hq.registry.people import PeopleRegistry

_FREE_MIN_MB = 1000


def file_rights(config: HqConfig) -> CheckResult:
    """Find what others than HQ's user may read."""
    exposed = [str(path) for path in _private(config) if private_files.exposed(path)]
    if exposed:
        todo = f"chmod go= {' '.join(exposed)}"
        return CheckResult("files", CheckState.PROBLEM, f"others may read or enter: {', '.join(exposed)}", todo)
    return CheckResult("files", CheckState.OK, f"{config.folder} is for its owner alone")


def _private(config: HqConfig) -> Iterator[Path]:
    """Yield the files and folders that only their owner may read."""
    folder = config.folder
    yield from (folder, folder / FILE_NAME, folder / "keys" / AT_REST)
    yield from sorted((folder / "keys").rglob("*.key.pem"))
    broker = config.broker
    yield from (path for path in (broker.password_path, broker.client_key_path) if path is not None)
    url = make_url(config.url)
    if url.get_backend_name() == "sqlite":
        yield from (path for path in database_files(url.database) if path.exists())


def key_files(config: HqConfig, sites: tuple[str, ...]) -> CheckResult:
    """Open HQ's keys, and each site's public key."""
    try:
        pairs = keys.load(config.folder)
        pairs.signing.public_key()
        pairs.sealing.public_key()
        pairs.at_rest.current()
        missing = [site for site in sites if not _opens(pairs, site)]
    except BadKey as error:
        todo = f"put back the backup of {config.folder / 'keys'}; a new HQ: sitegate-hq init"
        return CheckResult("keys", CheckState.PROBLEM, str(error), todo)
    if missing:
        names = ", ".join(missing)
        todo = f"put back the backup, or make new ones: sitegate-hq init {config.folder} --site {missing[0]}"
        return CheckResult("keys", CheckState.PROBLEM, f"no list can be sealed for {names}: no public key", todo)
    return CheckResult("keys", CheckState.OK, f"HQ's keys and those of {len(sites)} sites are readable")


def _opens(pairs: keys.HqKeys, site_id: str) -> bool:
    try:
        pairs.site(site_id)
    except BadKey:
        return False
    return True


def database(config: HqConfig, store: Store) -> CheckResult:
    """Read a person, so that the key at rest is known to fit; and look at the free space."""
    PeopleRegistry(store, keys.load(config.folder)).check()
    url = make_url(config.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return CheckResult("database", CheckState.OK, f"{url.render_as_string(hide_password=True)} works")
    free_mb = shutil.disk_usage(Path(url.database).parent).free // 10**6
    detail = f"{Path(url.database).name} works, {free_mb} MB free"
    if free_mb < _FREE_MIN_MB:
        return CheckResult("database", CheckState.WARNING, detail, "free some space: a full disk stops HQ")
    return CheckResult("database", CheckState.OK, detail)
