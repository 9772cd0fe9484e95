"""What becomes of the parts of a roster at the gate: templates with consent, a direction and an owner, and no
others."""

from dataclasses import fields
from datetime import UTC, date, datetime

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.messages import ListKind, RosterSnapshot, SealedTemplate, SnapshotHeader, WorkerRecord
from contract.parts import Content, SealedPart, read_part, roster_content, write_parts
from edge.core.domain import RosterState, Worker
from edge.replica.list_assembly import ListAssembly
from edge.replica.signed_lists import ListRefused

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
HEADER = SnapshotHeader(site_id="site-1", list_version=3, issued_utc=datetime(2026, 11, 21, 6, tzinfo=UTC))


def _template(*values: float, model_id: str = "m") -> SealedTemplate:
    return SealedTemplate(model_id=model_id, vector=np.array(values, "<f2").tobytes())


def _parts(*contents: Content) -> list[SealedPart]:
    bodies = write_parts(contents, ListKind.ROSTER, SITE.public_key(), HQ)
    return [read_part(body, ListKind.ROSTER, HQ.public_key()) for body in bodies]


def _assembled(*parts: list[WorkerRecord]) -> tuple[RosterState, int]:
    read = _parts(*(roster_content(HEADER, workers) for workers in parts))
    assembly = ListAssembly(read[0].header)
    for part in read:
        assembly.add(part, SITE)
    return assembly.finish(RosterState()), assembly.unreadable


def _worker(worker_id: str, *templates: SealedTemplate, **fields: object) -> WorkerRecord:
    return WorkerRecord.model_validate({"worker_id": worker_id, "consent_ref": "c", "templates": templates, **fields})


def test_ok__templates_become_unit_vectors_with_their_owners() -> None:
    state, unreadable = _assembled(
        [_worker("w-1", _template(3, 4), _template(0, 2)), _worker("w-2", _template(1, 0, 0, model_id="n"))],
        [_worker("w-3", _template(0, -5))],
    )
    assert unreadable == 0
    assert [worker_id for worker_id, _ in state.templates] == ["w-1", "w-1", "w-2", "w-3"]
    assert [template.model_id for _, template in state.templates] == ["m", "m", "n", "m"]
    found = [template.vector for _, template in state.templates]
    assert all(vector.dtype == np.float32 for vector in found)
    assert np.allclose(found[0], [0.6, 0.8])
    assert np.allclose(found[3], [0, -1])


def test_ok__everything_the_gate_knows_of_a_worker_passes_through() -> None:
    said = {
        "worker_id": "w-1",
        "sites": frozenset({"site-1"}),
        "active": False,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
        "training_valid_until": date(2027, 2, 1),
        "employer": "e-12",
        "trade": "scaffolding",
        "declared_utc": datetime(2026, 11, 20, 6, tzinfo=UTC),
        "slow": True,
        "cards": ("ab" * 32,),
        "pin": "c2FsdA==$aGFzaA==",
    }
    assert set(said) == {field.name for field in fields(Worker)}
    state, _ = _assembled([WorkerRecord.model_validate({**said, "sites": ["site-1"]})])
    assert state.workers == {"w-1": Worker(**said)}  # type: ignore[arg-type]


def test_ok__equal_dates_and_sites_are_held_once() -> None:
    dated = {"sites": ("site-1", "site-2"), "valid_until": date(2027, 6, 30)}
    state, _ = _assembled([_worker("w-1", **dated)], [_worker("w-2", **dated)])
    first, second = state.workers["w-1"], state.workers["w-2"]
    assert first.sites == {"site-1", "site-2"}
    assert first.sites is second.sites
    assert first.valid_until is second.valid_until


def test_fail__no_consent_no_template() -> None:
    for consent in (None, ""):
        state, unreadable = _assembled([_worker("w-1", _template(3, 4), consent_ref=consent), _worker("w-2")])
        assert list(state.templates) == []
        assert set(state.workers) == {"w-1", "w-2"}
        assert unreadable == 0


def test_fail__templates_without_a_direction_are_left_out_and_counted() -> None:
    broken = (_template(0, 0), _template(float("nan"), 1), _template(float("inf"), 1), _template(1, 0))
    state, unreadable = _assembled([_worker("w-1", *broken)])
    assert (len(state.templates), unreadable) == (1, 3)


@pytest.mark.parametrize("change", ["shorter", "longer", "stranger"])
def test_fail__a_directory_that_does_not_fit_its_templates(change: str) -> None:
    whole = roster_content(HEADER, [_worker("w-1", _template(3, 4))])
    assert isinstance(whole.snapshot, RosterSnapshot)
    snapshot, vectors = whole.snapshot, whole.vectors
    if change == "stranger":
        blocks = tuple(block.model_copy(update={"owners": (1,)}) for block in snapshot.templates)
        snapshot = snapshot.model_copy(update={"templates": blocks})
    else:
        vectors = vectors[:-1] if change == "shorter" else vectors + b"\0"
    (part,) = _parts(Content(snapshot, vectors))
    with pytest.raises(ListRefused, match="not those that it lists"):
        ListAssembly(part.header).add(part, SITE)


def test_fail__a_part_that_does_not_follow() -> None:
    first, second, third = _parts(*[roster_content(HEADER, [_worker(f"w-{n}")]) for n in range(3)])
    assembly = ListAssembly(first.header)
    assembly.add(first, SITE)
    for wrong in (first, third, *_parts(*[roster_content(HEADER, [])] * 3)):
        with pytest.raises(ListRefused, match="does not follow"):
            assembly.add(wrong, SITE)
    assembly.add(second, SITE)
    assert assembly.next_part == 3
    with pytest.raises(ListRefused, match="do not belong together"):
        assembly.finish(RosterState())
