"""Checks a file against the database, and applies it in one transaction. Files of any length: a few lines at a time."""

import json
from contextlib import suppress

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
        if checked.problem_count:
            raise ImportRefused("a file with problems is not applied")
        sites = SiteRegistry(self._store).active()
        with self._people.writing() as db:
            done = self._pass(db, source, sites, progress, write=True).run()
            if done.digest != checked.digest or done.problem_count:
                raise ImportRefused("the file or these workers changed since they were checked: run the import again")
        return done

    def _pass(
        self, db: Connection, source: Source, sites: tuple[str, ...], progress: Progress, write: bool = False
    ) -> ImportPass:
        risk = RiskChanges(self._people, db, self._options.by)
        policies = [self._people.policy(db, site) for site in sites]
        policies += [json.loads(policy.model_dump_json()) for policy in source.policies]
        lists = known_lists(policies, risk.every(), self._options.new_lists, DEFAULT_LIST)
        checks = FileChecks(KnownNames(sites, lists), now())
        return ImportPass(self._people, db, source, self._options, checks, risk, progress, write)
