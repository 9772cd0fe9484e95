"""Checks a file against the database, and applies it in one transaction. Files of any length: a few lines at a time."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from common.sheets.refusals import ImportRefused
from hq.database.clock import now
from hq.database.store import Store
from hq.imports.checks import FileChecks, KnownNames, known_lists
from hq.imports.lines import DEFAULT_LIST, Source
from hq.imports.reading import ImportOptions, ImportPass, Progress
from hq.imports.risk_changes import RiskChanges
from hq.imports.summary import ImportSummary
from hq.registry.people import PeopleRegistry
from hq.registry.sites import SiteRegistry

Apply = Callable[[Source, ImportSummary, Progress], ImportSummary]
"""Applies one checked file in a transaction. Raises ImportRefused."""
_CHANGED = (
    "the file or these workers changed since they were checked: run the import again. If two files are about the same "
    "workers or cards, put them into one file"
)


class _Undo(Exception):
    """Ends a transaction that was only a trial."""


class Importing:
    """Imports of one HQ.

    Methods raise ImportRefused and EnrolmentRefused: then nothing was changed.
    """

    def __init__(self, people: PeopleRegistry, store: Store, options: ImportOptions) -> None:
        self._people, self._store, self._options = people, store, options

    def check(self, source: Source, progress: Progress = lambda done: None) -> ImportSummary:
        """Find out what the file would change, and every problem. Changes nothing."""
        sites = SiteRegistry(self._store).active()
        if source.whole is None or not (source.whole.enrolments or source.whole.sealed_enrolments):
            with self._store.snapshot() as db:
                return self._pass(db, source, sites, progress).run()
        with suppress(_Undo), self._people.writing() as db:  # whether enrolments can be added shows only in the adding
            found = self._pass(db, source, sites, progress, write=True)
            found.run()
            raise _Undo
        return found.summary

    def apply(self, source: Source, checked: ImportSummary, progress: Progress = lambda done: None) -> ImportSummary:
        """Apply a file that was checked without a problem, in one transaction. Raises ImportRefused."""
        with self.applying() as apply:
            return apply(source, checked, progress)

    @contextmanager
    def applying(self) -> Iterator[Apply]:
        """Open one transaction for several files: all of them are applied, or none."""
        sites = SiteRegistry(self._store).active()
        with self._people.writing() as db:

            def apply(source: Source, checked: ImportSummary, progress: Progress) -> ImportSummary:
                if checked.problem_count:
                    raise ImportRefused("a file with problems is not applied")
                done = self._pass(db, source, sites, progress, write=True).run()
                if done.digest != checked.digest or done.problem_count:
                    raise ImportRefused(_CHANGED)
                return done

            yield apply

    def _pass(
        self, db: Connection, source: Source, sites: tuple[str, ...], progress: Progress, write: bool = False
    ) -> ImportPass:
        risk = RiskChanges(self._people, db, self._options.by)
        more = [json.loads(policy.model_dump_json()) for policy in source.policies]
        checks = FileChecks(_known(self._people, db, sites, more, self._options.new_lists), now())
        return ImportPass(self._people, db, source, self._options, checks, risk, progress, write)


def known_names(people: PeopleRegistry, store: Store) -> KnownNames:
    """Return the sites and risk lists that HQ knows."""
    sites = SiteRegistry(store).active()
    with store.read() as db:
        return _known(people, db, sites)


def _known(
    people: PeopleRegistry,
    db: Connection,
    sites: tuple[str, ...],
    more: Sequence[Mapping[str, object]] = (),
    new_lists: Sequence[str] = (),
) -> KnownNames:
    """Do as `known_names`. `more`: rules that a file brings, `new_lists`: lists that somebody named."""
    rules = [*(people.policy(db, site) for site in sites), *more]
    return KnownNames(sites, known_lists(rules, people.risk_lists.stored(db), new_lists, DEFAULT_LIST))
