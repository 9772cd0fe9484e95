"""A snapshot and its changes are the list that a new snapshot would be; what did not change stays where it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.deltas import Base, Changes, SealedDelta, read_delta, roster_changes, write_delta
from contract.messages import (
    ListKind,
    PartHeader,
    RiskDelta,
    RiskEntry,
    RiskSnapshot,
    RosterDelta,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import Content, read_part, roster_content, write_parts
from edge.core.domain import ListAge, RosterState
from edge.core.templates import TemplateStore
from edge.replica.apply_delta import apply_delta, with_list
from edge.replica.list_assembly import ListAssembly
from edge.replica.signed_lists import ListRefused

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
VECTORS = [np.random.default_rng(n).standard_normal(4).astype("<f2").tobytes() for n in range(6)]


def _header(version: int) -> SnapshotHeader:
    return SnapshotHeader(site_id="site-1", list_version=version, issued_utc=NOW + timedelta(hours=version))


def _assembled(contents: list[Content], kind: ListKind) -> tuple[PartHeader, RosterState]:
    bodies = write_parts(contents, kind, SITE.public_key(), HQ)
    read = [read_part(body, kind, HQ.public_key()) for body in bodies]
    assembly = ListAssembly(read[0].header)
    for part in read:
        assembly.add(part, SITE)
    return read[0].header, assembly.finish(RosterState())


def _roster(version: int, workers: dict[str, WorkerRecord], cut: int = 3) -> tuple[PartHeader, RosterState]:
    own = [workers[who] for who in sorted(workers)]
    chunks = [own[start : start + cut] for start in range(0, len(own), cut)] or [[]]
    return _assembled([roster_content(_header(version), chunk) for chunk in chunks], ListKind.ROSTER)


def _sealed(changes: Changes, kind: ListKind, base: PartHeader) -> SealedDelta:
    body = write_delta(changes, kind, Base(base.list_version, base.digest), SITE.public_key(), HQ)
    return read_delta(body, kind, HQ.public_key())


def _change(
    base: PartHeader, was: dict[str, WorkerRecord], now: dict[str, WorkerRecord], version: int = 9
) -> SealedDelta:
    news = [worker for who, worker in sorted(now.items()) if was.get(who) != worker]
    return _sealed(roster_changes(_header(version), news, sorted(was.keys() - now.keys())), ListKind.ROSTER, base)


def _store(state: RosterState) -> TemplateStore:
    assert isinstance(state.templates, TemplateStore)
    return state.templates


templates = st.lists(
    st.builds(SealedTemplate, model_id=st.sampled_from("mn"), vector=st.sampled_from(VECTORS)), max_size=3
).map(tuple)
rosters = st.dictionaries(
    st.sampled_from([f"w-{n}" for n in range(8)]),
    st.tuples(templates, st.sampled_from(["c", None]), st.booleans()),
    max_size=8,
).map(
    lambda found: {
        who: WorkerRecord(worker_id=who, templates=own, consent_ref=consent, active=active)
        for who, (own, consent, active) in found.items()
    }
)


@settings(max_examples=60, deadline=None)
@given(rosters, rosters)
def test_ok__the_changed_roster_is_the_one_that_a_new_snapshot_would_be(
    was: dict[str, WorkerRecord], now: dict[str, WorkerRecord]
) -> None:
    base, held = _roster(7, was)
    whole = _roster(9, now)[1]
    found, unreadable = apply_delta(held, base, _change(base, was, now), SITE, held)
    assert unreadable == 0
    assert found.workers == whole.workers
    assert found.roster == whole.roster == ListAge(9, NOW + timedelta(hours=9))
    assert _store(found).by_worker() == _store(whole).by_worker()
    assert len(found.templates) == len(whole.templates) == len(list(found.templates))
    assert {who for who, _ in found.templates} == {who for who, _ in whole.templates}
    assert [found.templates[n][0] for n in range(len(found.templates))] == [who for who, _ in found.templates]
    for model in "mn":
        (vectors, owners), (others, _) = _store(found).of_model(model, 4), _store(whole).of_model(model, 4)
        assert len(vectors) == len(owners) == len(others)
    assert held.workers == _roster(7, was)[1].workers  # the snapshot itself is as it was
    assert _store(held).by_worker() == _store(_roster(7, was)[1]).by_worker()


def test_ok__templates_that_nobody_changed_need_no_new_gallery() -> None:
    own = {who: WorkerRecord(worker_id=who, consent_ref="c", templates=(_template(0),)) for who in ("a", "b")}
    base, held = _roster(7, own)
    signed_anew, _ = apply_delta(held, base, _change(base, own, own), SITE, held)
    assert signed_anew.templates is held.templates
    suspended = own | {"a": own["a"].model_copy(update={"active": False})}
    found, _ = apply_delta(held, base, _change(base, own, suspended), SITE, held)
    assert found.templates is held.templates
    assert not found.workers["a"].active
    other_face = own | {"a": own["a"].model_copy(update={"templates": (_template(1),)})}
    first, _ = apply_delta(held, base, _change(base, own, other_face), SITE, held)
    again, _ = apply_delta(held, base, _change(base, own, other_face, version=10), SITE, first)
    assert again.roster.version == 10
    assert again.templates is first.templates is not held.templates


def _template(number: int) -> SealedTemplate:
    return SealedTemplate(model_id="m", vector=VECTORS[number])


def test_fail__no_consent_no_template_and_no_direction_no_template_in_changes_either() -> None:
    base, held = _roster(7, {})
    nothing = SealedTemplate(model_id="m", vector=bytes(8))
    news = {
        "a": WorkerRecord(worker_id="a", templates=(_template(0),)),
        "b": WorkerRecord(worker_id="b", consent_ref="c", templates=(nothing, _template(1))),
    }
    found, unreadable = apply_delta(held, base, _change(base, {}, news), SITE, held)
    assert unreadable == 1
    assert set(found.workers) == {"a", "b"}
    assert [who for who, _ in found.templates] == ["b"]


risk_lists = st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from(["watch", "deny"])), max_size=6)


@given(risk_lists, risk_lists)
def test_ok__the_changed_risk_list_is_the_one_that_a_new_snapshot_would_be(
    was: set[tuple[str, str]], now: set[tuple[str, str]]
) -> None:
    def entries(pairs: set[tuple[str, str]]) -> tuple[RiskEntry, ...]:
        return tuple(RiskEntry(worker_id=who, list_name=name) for who, name in sorted(pairs))

    def snapshot(version: int, pairs: set[tuple[str, str]]) -> tuple[PartHeader, RosterState]:
        risk = RiskSnapshot(**_header(version).model_dump(), entries=entries(pairs))
        return _assembled([Content(risk)], ListKind.RISK)

    base, held = snapshot(7, was)
    touched = {who for who, _ in was ^ now}
    removed = tuple(sorted(touched - {who for who, _ in now}))
    news = entries({pair for pair in now if pair[0] in touched})
    delta = _sealed(Changes(RiskDelta(**_header(9).model_dump(), entries=news, removed=removed)), ListKind.RISK, base)
    found, _ = apply_delta(held, base, delta, SITE, held)
    assert found.risks == snapshot(9, now)[1].risks
    assert found.risk.version == 9


def test_ok__one_list_is_taken_over_and_the_others_stay() -> None:
    state = replace(RosterState(), risk=ListAge(3, NOW), roster=ListAge(2, NOW))
    base, held = _roster(7, {})
    assert with_list(ListKind.ROSTER, state, held).risk == ListAge(3, NOW)
    assert with_list(ListKind.ROSTER, state, held).roster.version == base.list_version
    assert with_list(ListKind.RISK, state, RosterState(risk=ListAge(4, NOW))).roster.version == 2
    assert with_list(ListKind.POLICY, state, RosterState(policy_age=ListAge(4, NOW))).risk.version == 3


def test_fail__changes_of_another_snapshot() -> None:
    base, held = _roster(7, {})
    other, _ = _roster(7, {})  # the same version and content, sealed again
    later, _ = _roster(8, {})
    for wrong in (other, later, base.model_copy(update={"list_version": 6})):
        with pytest.raises(ListRefused, match="not those of version 7"):
            apply_delta(held, base, _change(wrong, {}, {}), SITE, held)


def test_fail__what_is_in_the_seal_must_be_what_the_header_says() -> None:
    base, held = _roster(7, {})
    delta = _change(base, {}, {})
    relabelled = SealedDelta(delta.header.model_copy(update={"list_version": 12}), delta.sealed)
    with pytest.raises(ListRefused, match="another than the header says"):
        apply_delta(held, base, relabelled, SITE, held)
    torn = roster_changes(_header(9), [WorkerRecord(worker_id="a", consent_ref="c", templates=(_template(0),))], [])
    assert isinstance(torn.delta, RosterDelta)
    with pytest.raises(ListRefused, match="not those that it lists"):
        apply_delta(held, base, _sealed(Changes(torn.delta, torn.vectors[:-2]), ListKind.ROSTER, base), SITE, held)
