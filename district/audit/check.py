"""Checks that the audit record is whole: every hash, every number, every end, every trigger."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from district.audit import triggers
from district.audit.chain import SealedEntry
from district.audit.heads import Heads, present_heads
from district.audit.models import Entry

_CHUNK = 2_000


@dataclass(frozen=True)
class AuditProblem:
    """Something that is not as it was written. `seq` is 0 where it concerns no single entry."""

    chain: str
    seq: int
    text: str


@dataclass
class AuditResult:
    """What the check found."""

    entries: int = 0
    heads: Heads = field(default_factory=dict)
    problems: list[AuditProblem] = field(default_factory=list)


def check(kept: Heads | None = None, limit: int = 100) -> AuditResult:
    """Check all entries, against heads that were kept elsewhere too. Stops at `limit` problems."""
    result = AuditResult(heads=present_heads())
    for name in triggers.missing(connection):
        result.problems.append(AuditProblem("", 0, f"the trigger {name} is missing or disabled: somebody removed it"))
    ends: Heads = {}
    for problem in _broken(result, ends, kept or {}):
        result.problems.append(problem)
        if len(result.problems) >= limit:
            return result
    result.problems += _cut_off(ends, result.heads, "its row in audit_head says")
    result.problems += _cut_off(ends, kept or {}, "the heads that were kept say")
    return result


def _broken(result: AuditResult, ends: Heads, kept: Heads) -> Iterator[AuditProblem]:
    chain, seq, last = "", 0, ""
    for entry in Entry.objects.order_by("chain", "seq").iterator(chunk_size=_CHUNK):
        if entry.chain != chain:
            chain, seq, last = entry.chain, 0, ""
        result.entries += 1
        seq += 1
        if entry.seq != seq:
            yield AuditProblem(chain, entry.seq, f"entries {seq} to {entry.seq - 1} are missing")
            seq = entry.seq
        elif entry.prev_hash != last:
            yield AuditProblem(chain, seq, "the entry before it is another one than when it was written")
        if _sealed(entry).hash != entry.hash:
            yield AuditProblem(chain, seq, "it was changed, or not written by this program")
        last = entry.hash
        ends[chain] = (seq, last)
        if kept.get(chain, (0, ""))[0] == seq and kept[chain][1] != last:
            yield AuditProblem(chain, seq, "it is another entry than when the heads were kept")


def _cut_off(ends: Heads, known: Heads, who: str) -> Iterator[AuditProblem]:
    for chain, (seq, _hash) in sorted(known.items()):
        present = ends.get(chain, (0, ""))[0]
        if present < seq:
            yield AuditProblem(
                chain, present, f"it ends here, {who} {seq}: entries were removed, or an older backup was restored"
            )


def _sealed(entry: Entry) -> SealedEntry:
    return SealedEntry(
        chain=entry.chain,
        seq=entry.seq,
        utc=entry.utc,
        actor=entry.actor,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        place_path=entry.place_path,
        enterprise=entry.enterprise,
        details=entry.details,
        prev_hash=entry.prev_hash,
    )
