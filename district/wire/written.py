"""A worker of the district as HQ imports one."""

from dataclasses import asdict

from pydantic import ValidationError

from common.terminal.problems import problems
from contract.messages import DirectoryEntry, WorkerRecord
from district.wire.records import HqWorker
from hq.registry.credentials import WrittenWorker, digests


def written(one: HqWorker, held: WorkerRecord | None) -> WrittenWorker:
    """Write a worker as HQ imports one, with what HQ alone knows. Raises ValidationError, BadCredential."""
    kept = held.model_dump(include={"declared_utc", "cards", "pin"}) if held else {}
    cards = {} if one.cards is None else {"cards": digests(one.cards, one.sites) if one.cards and one.sites else ()}
    consent = {} if one.consent_ref is None else {"consent_ref": one.consent_ref}
    return WrittenWorker.model_validate(
        {
            **kept,
            "worker_id": one.worker_id,
            "sites": one.sites,
            "active": one.active,
            "slow": one.slow,
            "valid_from": one.valid_from,
            "valid_until": one.valid_until,
            "training_valid_until": one.training_valid_until,
            "site_dates": [asdict(dates) for dates in one.site_dates],
            "employer": one.employer or None,
            "trade": one.trade or None,
            "name": one.name,
            "team": one.team or None,
            "phone": one.phone or None,
            **cards,
            **consent,
            **({"declared_utc": one.declared_utc} if one.declares else {}),
        }
    )


def differs(found: WrittenWorker, held: WorkerRecord | None, known: DirectoryEntry | None) -> bool:
    """Say whether HQ has the worker in another state."""
    if held is None:
        return True
    left_out = {"templates"} | (set() if "consent_ref" in found.model_fields_set else {"consent_ref"})
    fields = set(WorkerRecord.model_fields) - left_out
    if any(getattr(found, name) != getattr(held, name) for name in fields):
        return True
    entry = found.directory_entry
    own = ("name", "team", "phone")
    return entry is not None and any(getattr(entry, name) != getattr(known, name, None) for name in own)


def why(error: Exception) -> str:
    """Say why HQ does not take a worker."""
    return problems(error) if isinstance(error, ValidationError) else str(error)
