"""Reads a file once, line by line: checks each line and, if asked, writes what it changes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from pydantic import ValidationError
from sqlalchemy import Connection

from common.terminal.errors import problems as in_words
from common.unknown_keys import nearest
from contract.messages import DirectoryEntry, WorkerRecord
from contract.names import matched
from hq.database import people as tables
from hq.database.assignments import assigned_sites
from hq.imports.checks import FileChecks
from hq.imports.lines import ImportProblem, Line, RiskLine, Source, WorkerLine
from hq.imports.plan import Change, ImportMode, RiskChange, WorkerChange, risk_change, without_site, worker_change
from hq.imports.risk_changes import RiskChanges
from hq.imports.summary import ImportSummary
from hq.registry.directory import OWN
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import StoredRisk
from hq.registry.site_rules import held_rules, own_rules, put_district

AT_ONCE = 500
"""Lines that are read, checked and written together."""
EMPLOYERS_SHOWN = 5
Progress = Callable[[int], object]
"""Gets the number of lines that are done."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the person who imports chose."""

    mode: ImportMode = ImportMode.UPDATE
    site: str | None = None
    """The only site that the file is about."""
    new_lists: tuple[str, ...] = ()
    """Risk lists that no rule names yet."""
    by: str = ""


@dataclass(slots=True)
class ImportPass:
    """One reading of a file, from its first to its last line."""

    people: PeopleRegistry
    db: Connection
    source: Source
    options: ImportOptions
    checks: FileChecks
    risk: RiskChanges
    progress: Progress
    write: bool
    summary: ImportSummary = field(default_factory=ImportSummary)
    employers: dict[str, str] = field(default_factory=dict)
    """Employers that the file names: matched name -> name."""
    replaced_cards: set[str] = field(default_factory=set)
    """Workers whose cards the file replaces."""

    def run(self) -> ImportSummary:
        """Read the whole file."""
        for lines in _batches(self.source.lines()):
            self._workers([line for line in lines if isinstance(line, WorkerLine)])
            self._risk([line for line in lines if isinstance(line, RiskLine)])
            self._refuse(line for line in lines if isinstance(line, ImportProblem))
            self.summary.lines += len(lines)
            self.progress(self.summary.lines)
        self._missing()
        self._whole_database()
        self._policies()
        self._enrolments()
        self.checks.finish()
        self.summary.warnings = self.checks.warnings
        return self.summary

    def _refuse(self, problems: Iterable[ImportProblem]) -> bool:
        before = self.summary.problem_count
        for problem in problems:
            self.summary.refuse(problem)
        return self.summary.problem_count > before

    def _workers(self, lines: Sequence[WorkerLine]) -> None:
        ids = [line.worker_id for line in lines]
        held = self.people.records(self.db, ids, skip_damaged=self.options.mode is ImportMode.REPLACE)
        named = [line.worker_id for line in lines if line.worker_id in held and not set(OWN).isdisjoint(line.fields)]
        names = self.people.directory.of(self.db, named) if named else {}
        changes = []
        for line in lines:
            wrong = self._refuse(self.checks.worker(line))
            try:
                change = self._change(line, held.get(line.worker_id), names.get(line.worker_id))
            except ValidationError as error:
                self._refuse([ImportProblem(line.place, in_words(error))])
                continue
            if not wrong and change is not None and not self._refuse(self._checked(change)):
                changes.append(change)
        self._done(changes)

    def _change(self, line: WorkerLine, held: WorkerRecord | None, names: DirectoryEntry | None) -> WorkerChange | None:
        mode, site = self.options.mode, self.options.site
        if mode is ImportMode.REMOVE:
            if held is None or (site is not None and site not in held.sites):
                at = f"at {site}" if held is not None else "among the workers"
                self._refuse([ImportProblem(line.place, f"{line.worker_id} is not {at}: check the id")])
                return None
            return (
                without_site(held, site, line.place)
                if site
                else WorkerChange(line.place, Change.REMOVE, line.worker_id)
            )
        if mode is ImportMode.ADD and held is not None:
            text = f"{line.worker_id} exists already: use --mode update to change workers"
            self._refuse([ImportProblem(line.place, text)])
            return None
        if line.cards is not None or "cards" in line.fields or mode is ImportMode.REPLACE:
            self.replaced_cards.add(line.worker_id)
        return worker_change(line, held, names, mode, site)

    def _checked(self, change: WorkerChange) -> Iterator[ImportProblem]:
        if change.written is None:
            return
        if change.written.employer and any(one.key == "employer" for one in change.fields):
            self.employers.setdefault(matched(change.written.employer), change.written.employer)
        yield from self.checks.changed(change)

    def _done(self, changes: Sequence[WorkerChange]) -> None:
        for change in changes:
            self.summary.add_worker(change)
        if not self.write or self.summary.problem_count:
            return
        if removed := [one.worker_id for one in changes if one.change is Change.REMOVE]:
            self.people.end_consents(self.db, removed, self.options.by, remove=True)
        kept = [one for one in changes if one.change not in (Change.REMOVE, Change.NONE)]
        if any(one.pin for one in kept):
            with ThreadPoolExecutor() as pool:  # each hash of a PIN takes some 50 ms of a processor
                written = tuple(pool.map(WorkerChange.finished, kept))
        else:
            written = tuple(one.finished() for one in kept)
        if written:
            self.people.put(self.db, ImportFile.model_construct(workers=written))

    def _risk(self, lines: Sequence[RiskLine]) -> None:
        known = self.people.records(self.db, [line.worker_id for line in lines], skip_damaged=True)
        held = self.risk.held([line.worker_id for line in lines])
        changes = []
        for line in lines:
            wrong = self._refuse(self.checks.risk(line))
            if line.worker_id not in known and line.worker_id not in self.checks.workers:
                text = f"{line.worker_id} is not among the workers: check the id, or import the worker first"
                wrong = self._refuse([ImportProblem(line.place, text)])
            if not wrong and (change := self._risk_change(line, held.get((line.worker_id, matched(line.list_name))))):
                changes.append(change)
        self._risk_done(changes)

    def _risk_change(self, line: RiskLine, held: StoredRisk | None) -> RiskChange | None:
        name = self.checks.known.list_called(line.list_name) or line.list_name
        if self.options.mode is ImportMode.REMOVE and held is None:
            self._refuse([ImportProblem(line.place, f"{line.worker_id} is not on {name}: check both")])
            return None
        if self.options.mode is ImportMode.REMOVE and held is not None:
            return self._may_change(RiskChange(line.place, Change.REMOVE, held), held)
        if self.options.mode is ImportMode.ADD and held is not None:
            text = f"{line.worker_id} is on {name} already: use --mode update to change entries"
            self._refuse([ImportProblem(line.place, text)])
            return None
        try:
            change = risk_change(line, held, self.options.mode, name)
        except ValidationError as error:
            self._refuse([ImportProblem(line.place, in_words(error))])
            return None
        if self._refuse(self.checks.risk_changed(change)):
            return None
        return change if held is None or change.change is Change.NONE else self._may_change(change, held)

    def _may_change(self, change: RiskChange, held: StoredRisk) -> RiskChange | None:
        """Refuse to change or remove an entry that names who may lift it, and not who imports."""
        if held.may_be_lifted_by(self.options.by):
            return change
        text = f"{held.worker_id} on {held.list_name}: only {', '.join(held.may_lift)} may change it; say who you are with --by"
        self._refuse([ImportProblem(change.place, text)])
        return None

    def _risk_done(self, changes: Sequence[RiskChange]) -> None:
        for change in changes:
            self.summary.add_risk(change)
        if self.write and not self.summary.problem_count:
            self.risk.write([one for one in changes if one.change is not Change.NONE])

    def _missing(self) -> None:
        """Replace: take off a list who is not in the file any more. With a site: only workers of that site."""
        if self.options.mode is ImportMode.REPLACE and self.checks.entries:
            named = {name for _, name in self.checks.entries}
            gone = [entry for entry in self.risk.every() if matched(entry.list_name) in named]
            gone = [entry for entry in gone if (entry.worker_id, matched(entry.list_name)) not in self.checks.entries]
            if (site := self.options.site) is not None:
                at = assigned_sites(self.db, [entry.worker_id for entry in gone])
                gone = [e for e in gone if e.worker_id in self.checks.workers or site in at.get(e.worker_id, ())]
            changes = [self._may_change(RiskChange("", Change.REMOVE, entry), entry) for entry in gone]
            self._risk_done([change for change in changes if change is not None])

    def _whole_database(self) -> None:
        """Compare with everybody whom HQ knows: cards, employers, and who loses the site."""
        # A file that names no worker is about something else, such as a risk list: nobody loses the site.
        site = self.options.site if self.options.mode is ImportMode.REPLACE and self.checks.workers else None
        if not (site or self.checks.cards or self.employers):
            return
        leaving, known = [], set[str]()
        for body in tables.worker_bodies(self.db, self.people.cipher):
            worker = json.loads(body)
            who = worker["worker_id"]
            known.add(matched(worker.get("employer") or ""))
            if site in worker.get("sites", ()) and who not in self.checks.workers:
                leaving.append(who)
            if who not in self.replaced_cards:
                for digest in worker.get("cards", ()):
                    self._refuse(self.checks.card_owner(digest, who))
        if site:
            self._leave(leaving, site)
        new = sorted(self.employers.keys() - known) if known - {""} and not self.write else []
        for form in new[:EMPLOYERS_SHOWN]:
            near = nearest(form, known)
            meant = f", did you mean {near!r}?" if near else ""
            self.checks.warn(f"{self.employers[form]!r} is an employer that nobody had before{meant}")
        if len(new) > EMPLOYERS_SHOWN:
            self.checks.warn(f"{len(new) - EMPLOYERS_SHOWN} more employers are new")

    def _leave(self, worker_ids: Sequence[str], site: str) -> None:
        for some in tables.slices(worker_ids):
            held = self.people.records(self.db, some, skip_damaged=True)
            self._done([without_site(worker, site) for worker in held.values()])

    def _policies(self) -> None:
        seen: dict[str, str] = {}
        for number, policy in enumerate(self.source.policies):
            place = f"policies.{number}"
            self._refuse(self.checks.policy(place, policy))
            if self.options.mode in (ImportMode.ADD, ImportMode.REMOVE):
                self._refuse(
                    [ImportProblem(place, f"rules of a site cannot be imported with --mode {self.options.mode}")]
                )
            if policy.site_id in seen:
                text = f"{policy.site_id} has rules a second time, first in {seen[policy.site_id]}"
                self._refuse([ImportProblem(place, text)])
            seen.setdefault(policy.site_id, place)
            after = own_rules(policy)
            before = self._held_rules(policy.site_id, after, place)
            if keys := sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key)):
                self.summary.add_policy(policy.site_id, keys)
        if self.write and not self.summary.problem_count and self.source.policies:
            if self.options.mode is ImportMode.REPLACE:
                for policy in self.source.policies:
                    put_district(self.db, policy.site_id, (), {})
            self.people.put(self.db, ImportFile.model_construct(policies=tuple(self.source.policies)))

    def _held_rules(self, site_id: str, after: Mapping[str, object], place: str) -> Mapping[str, object]:
        """Return the rules that an import replaces. Note what becomes of those that the district set."""
        held = held_rules(self.db, site_id)
        replaced = self.options.mode is ImportMode.REPLACE
        for key, value in sorted((held.district or {}).items()):
            if replaced:
                self.checks.warn(
                    f"{key} = {value} of the district goes at {site_id}, until the district sets it again", place
                )
            elif key in after and after[key] != value:
                self.checks.warn(f"{key} = {value} of the district stays in force at {site_id}, not the file's", place)
        return held.in_force if replaced else held.own

    def _enrolments(self) -> None:
        whole = self.source.whole
        if whole is None:
            return
        self.summary.enrolments = len(whole.enrolments) + len(whole.sealed_enrolments)
        if self.summary.enrolments and self.options.mode is ImportMode.REMOVE:
            self._refuse([ImportProblem("enrolments", "cannot be imported with --mode remove")])
        if self.write and not self.summary.problem_count and self.summary.enrolments:
            chosen = {"enrolments": whole.enrolments, "sealed_enrolments": whole.sealed_enrolments}
            self.people.put(self.db, ImportFile.model_construct(**chosen))  # type: ignore[arg-type]


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while some := list(islice(lines, AT_ONCE)):
        yield some
