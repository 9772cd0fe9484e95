"""Ask all questions in order."""

from collections.abc import Callable, Iterator

from sqlalchemy.exc import SQLAlchemyError

from common.check_result import CheckResult, CheckState
from contract.signing import BadKey
from hq.config import HqConfig
from hq.database.errors import StoreError, plainly
from hq.database.store import Store
from hq.keys import keys
from hq.keys.encryption import AtRestError
from hq.registry.gates import registrations
from hq.registry.sites import SiteRegistry
from hq.reports import link_file
from hq.selfcheck.broker import broker
from hq.selfcheck.installation import database, file_rights, key_files


def ask_all(config: HqConfig) -> Iterator[CheckResult]:
    """Answer all questions, one result each, as they are answered."""
    yield file_rights(config)
    try:
        store = Store(config.url, keys.load(config.folder))
    except (StoreError, BadKey) as error:
        yield CheckResult("database", CheckState.PROBLEM, str(error), "the other questions need it")
        return
    try:
        with store.read() as db:
            sites = tuple(dict.fromkeys((*config.sites, *SiteRegistry(store).active())))
            gates = [(row.site_id, row.gate_id) for row in registrations(db) if row.revoked_utc is None]
        yield key_files(config, sites)
        yield _asked("database", lambda: database(config, store))
    finally:
        store.close()
    yield from broker(config, sites, gates)
    yield _process(config)


def _process(config: HqConfig) -> CheckResult:
    if link_file.read(config.folder) is None:
        return CheckResult("process", CheckState.WARNING, "sitegate-hq run never ran in this folder", "start it")
    if wrong := link_file.problems(config.folder):
        return CheckResult("process", CheckState.PROBLEM, "; ".join(wrong), "see its log")
    return CheckResult("process", CheckState.OK, "sitegate-hq run works, connected to the broker")


def _asked(what: str, question: Callable[[], CheckResult]) -> CheckResult:
    """Answer one question. An error does not stop the others."""
    try:
        return question()
    except (AtRestError, BadKey, StoreError) as error:
        return CheckResult(what, CheckState.PROBLEM, str(error), "")
    except (OSError, SQLAlchemyError) as error:
        return CheckResult(what, CheckState.PROBLEM, plainly(error, "database_url in hq.toml"), "")
