"""Take what gates saw of training."""

import json
from collections.abc import Sequence

from district.people.models import Person
from district.people.registry.base import RecordRefused
from district.training.registry.proofs import GateProof, take_proof
from district.training.rules import Step
from district.wire import FeedEntry


def handle(entries: Sequence[FeedEntry]) -> None:
    """Store the training events of one page of the feed. The same page again changes nothing."""
    shown = [one for one in entries if one.type == "training" and one.worker_id]
    if not shown:
        return
    people = Person.objects.by_worker_id(one.worker_id for one in shown)
    for entry in shown:
        person = people.get(entry.worker_id or "")
        if person is None:
            continue
        try:
            take_proof(person, _said(entry))
        except RecordRefused:
            continue  # somebody whose record ended


def _said(entry: FeedEntry) -> GateProof:
    body = json.loads(entry.body)
    utc = entry.corrected_utc or entry.utc or entry.received_utc
    assert utc is not None
    return GateProof(
        session_name=body["session_id"],
        step=Step(body["step"]),
        utc=utc,
        proven=bool(body["proven"]),
        by_face="face" in body.get("factors", ()),
        by=str(body.get("by", ""))[:150],
        why=str(body.get("detail", "")),
        gate_name=entry.gate_id,
        line=entry.line,
        seq=entry.seq,
    )
