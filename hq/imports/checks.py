"""Checks the lines of a file against each other, and against what HQ knows. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.unknown_keys import nearest
from contract.messages import RiskEntry
from contract.names import matched
from hq.imports.lines import ImportProblem, RiskLine, WorkerLine
from hq.imports.plan import RiskChange, WorkerChange
from hq.registry.import_file import PolicyEntry
from hq.registry.site_dates import at_site


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The sites and risk lists that HQ knows."""

    sites: tuple[str, ...]
    lists: Mapping[str, str]
    """Matched name -> name as it was first written."""

    def list_called(self, name: str) -> str | None:
        """Return the known name of a list; None if there is none."""
        return self.lists.get(matched(name))

    def unknown_list(self, name: str) -> str:
        """Say that no rule is about such a list. The caller adds the option for a new one."""
        near = nearest(matched(name), self.lists)
        meant = _or(self.lists[near]) if near else ""
        return f"no rule and no entry knows a list {name!r}{meant}; a new list:"


@dataclass(slots=True)
class FileChecks:
    """What the lines so far said. Each line is checked once."""

    known: KnownNames
    utc: datetime
    workers: dict[str, str] = field(default_factory=dict)
    """Worker id -> place."""
    cards: dict[str, str] = field(default_factory=dict, repr=False)
    """Digest of a card -> worker id."""
    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    """Worker id and matched list name -> place."""
    _folded: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """Sentence -> the first places where it applies."""
    card_lengths: Counter[int] = field(default_factory=Counter)

    def worker(self, line: WorkerLine) -> Iterator[ImportProblem]:
        """Check a line about a worker by itself and against earlier lines."""
        if line.worker_id in self.workers:
            text = f"{line.worker_id} is named a second time, first in {self.workers[line.worker_id]}: keep one of both"
            yield ImportProblem(line.place, text)
        else:
            self.workers[line.worker_id] = line.place
            other = self._folded.setdefault(line.worker_id.casefold(), line.worker_id)
            if other != line.worker_id:
                self.warn(f"{line.worker_id} and {other} differ only in capitals: is it one person?", line.place)
        for site in line.fields.get("sites") or ():
            if site not in self.known.sites:
                yield ImportProblem(line.place, self.unknown_site(site))
        for card in line.cards or ():
            self.card_lengths[len(card)] += 1
        if line.worker_id.isdigit() and len(line.worker_id) >= 18 and line.worker_id.endswith("000"):
            self.warn("an id of 18 digits ends in 000: has a spreadsheet rounded it?", line.place)

    def changed(self, change: WorkerChange) -> Iterator[ImportProblem]:
        """Check a worker as the import would leave them."""
        worker = change.written
        assert worker is not None
        dated = [("", worker), *((f" at {one.site_id}", at_site(worker, one.site_id)) for one in worker.site_dates)]
        for where, at in dated:
            if at.valid_from and at.valid_until and at.valid_from > at.valid_until:
                text = f"{at.worker_id} would be valid{where} from {at.valid_from}, after the end on {at.valid_until}"
                yield ImportProblem(change.place, text)
        if lost := sorted({one.site_id for one in worker.site_dates} - set(worker.sites)):
            self.warn(f"dates of a site where the worker is not assigned are left out: {', '.join(lost)}", change.place)
        if not worker.sites:
            self.warn("a worker belongs to no site, so no gate will know them", change.place)
        if any(one.key == "consent_ref" and one.before for one in change.fields):
            self.warn("a consent changes or ends: templates made under the former one are destroyed", change.place)
        touched = {one.key for one in change.fields}
        if "sites" in touched and worker.cards and "cards" not in touched and change.change != "add":
            self.warn("a card works only at the sites it was imported for: name the card again", change.place)
        for digest in worker.cards if "cards" in touched else ():
            owner = self.cards.setdefault(digest, worker.worker_id)
            if owner != worker.worker_id:
                text = f"has a card that {owner} has too ({self.workers.get(owner, '')}): a card has one owner"
                yield ImportProblem(change.place, text)

    def card_owner(self, digest: str, owner: str) -> Iterator[ImportProblem]:
        """Check a card of somebody whom HQ knows. The caller leaves out whose cards the file replaces."""
        wanted = self.cards.get(digest)
        if wanted is not None and wanted != owner:
            text = f"{wanted} gets a card that {owner} has at HQ: a card has one owner"
            yield ImportProblem(self.workers.get(wanted, ""), text)

    def risk(self, line: RiskLine) -> Iterator[ImportProblem]:
        """Check an entry of a risk list by itself and against earlier lines."""
        key = line.worker_id, matched(line.list_name)
        if key in self.entries:
            text = (
                f"{line.worker_id} is on {line.list_name} a second time, first in {self.entries[key]}: keep one of both"
            )
            yield ImportProblem(line.place, text)
        self.entries.setdefault(key, line.place)
        if self.known.list_called(line.list_name) is None:
            text = f"{self.known.unknown_list(line.list_name)} --new-list {line.list_name!r}"
            yield ImportProblem(line.place, text)

    def risk_changed(self, change: RiskChange) -> Iterator[ImportProblem]:
        """Check an entry as the import would leave it."""
        since, until = change.entry.valid_from_utc, change.entry.valid_until_utc
        if since and until and since >= until:
            text = f"{change.entry.worker_id} would be listed from {since:%Y-%m-%d %H:%M}Z, not before the end"
            yield ImportProblem(change.place, text)
        if until and until <= self.utc:
            self.warn("an entry is over already, so no gate will apply it", change.place)

    def policy(self, place: str, policy: PolicyEntry) -> Iterator[ImportProblem]:
        """Check a site's rules."""
        if policy.site_id not in self.known.sites:
            yield ImportProblem(place, self.unknown_site(policy.site_id))
        names = Counter(matched(rule.list_name) for rule in policy.risk_rules)
        for name in sorted(name for name, count in names.items() if count > 1):
            yield ImportProblem(place, f"two risk rules are for the list {name!r}: capitals and blanks do not count")

    def warn(self, text: str, place: str = "") -> None:
        """Note something that is not wrong, but may not be meant."""
        places = self.warnings.setdefault(text, [])
        places.append(place)

    def unknown_site(self, site: str) -> str:
        """Say that HQ has no such site."""
        return f"{site!r} is no site of this HQ{_or(nearest(site, self.known.sites))}: sitegate-hq site list"

    def finish(self) -> None:
        """Note what only the whole file shows."""
        if len(self.card_lengths) > 1:
            (usual, _), *others = self.card_lengths.most_common()
            shorter = sum(count for length, count in others if length < usual)
            if shorter:
                self.warn(f"{shorter} card numbers have fewer than {usual} digits: are leading zeros missing?")


def known_lists(
    policies: Sequence[Mapping[str, object]], entries: Sequence[RiskEntry], more: Sequence[str], default: str
) -> dict[str, str]:
    """Return the risk lists that a rule or an entry names: matched name -> name. Rules come first."""
    rules = [rule for policy in policies for rule in _rules(policy)]
    names = [*rules, *(entry.list_name for entry in entries), default, *more]
    return {matched(name): name for name in reversed(names)}


def _rules(policy: Mapping[str, object]) -> list[str]:
    rules = policy.get("risk_rules")
    return [str(rule["list_name"]) for rule in rules] if isinstance(rules, list) else []


def _or(near: str | None) -> str:
    return f", did you mean {near!r}?" if near else ""
