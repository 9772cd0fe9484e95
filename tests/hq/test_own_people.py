"""A site gets only its own people: what a stolen site key opens, and which lists a change touches."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from site_lists_rig import SiteLists, person
from sqlalchemy import event
from structlog.testing import capture_logs

from contract.messages import ListKind, WorkerRecord
from contract.signing import BadSeal
from hq.database import tables as t
from hq.database.assignments import works_elsewhere
from hq.database.at_rest import remove_unreadable
from hq.database.clock import now
from hq.database.dirty_lists import dirty
from hq.keys.encryption import AtRestError, Cipher
from hq.registry.import_file import ImportFile, PolicyEntry
from hq.registry.risk_record import RiskRecord
from hq.registry.risks import RiskRefused
from hq.service.changed_lists import RiskExpiry

A, B, C = "site-a", "site-b", "site-c"
ROSTER, RISK, POLICY, DIRECTORY = ListKind.ROSTER, ListKind.RISK, ListKind.POLICY, ListKind.DIRECTORY


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[SiteLists]:
    made = SiteLists(tmp_path, (A, B, C))
    yield made
    made.close()


def listed(who: str, **fields: object) -> RiskRecord:
    return RiskRecord.model_validate({"worker_id": who, "list_name": "contacts", **fields})


def test_ok__a_stolen_key_opens_nothing_of_another_sites_people(hq: SiteLists) -> None:
    hq.take(person("w-a", A), person("w-b", B), person("w-both", A, B), person("w-none"))
    hq.risks.add([listed(who) for who in ("w-a", "w-b", "w-both", "w-none")], by="office")
    hq.publish()
    hq.take(person("w-a2", A), person("w-b2", B))
    hq.risks.add([listed("w-a2"), listed("w-b2", officer="Dr. B")], by="office")
    hq.publish()
    stolen = hq.read(A)
    assert set(stolen.workers) == set(stolen.risks) == stolen.named == {"w-a", "w-a2", "w-both"}
    assert not [who for who in ("w-b", "w-b2", "w-none") if stolen.names(who)]
    assert "Dr. B" not in stolen.text
    assert B not in stolen.text, "nor where else somebody works"
    assert hq.read(B).names("w-b2")
    with pytest.raises(BadSeal):
        hq.read(B, key_of=A)


def test_ok__only_the_lists_of_the_sites_concerned_are_published(hq: SiteLists) -> None:
    hq.take(person("w-a", A), person("w-b", B))
    assert len(hq.publish()) == 12
    assert hq.publish() == set()
    hq.take(person("w-a", A, trade="crane"))
    assert hq.publish() == {(A, ROSTER), (A, DIRECTORY)}
    hq.risks.add([listed("w-b")], by="office")
    assert hq.publish() == {(B, RISK)}
    hq.take(person("w-b", C))
    kinds = (ROSTER, RISK, DIRECTORY)
    assert hq.publish() == {(site, kind) for site in (B, C) for kind in kinds}, "an entry moves with its worker"
    assert (set(hq.read(B).risks), set(hq.read(C).risks)) == (set(), {"w-b"})
    hq.people.take(ImportFile(policies=(PolicyEntry(site_id=A, max_inside=7),)))
    assert hq.publish() == {(A, POLICY)}
    hq.people.withdraw(["w-a"], "office", remove=True)
    assert hq.publish() == {(A, ROSTER), (A, DIRECTORY)}
    assert (hq.read(A).workers, hq.read(A).named) == ({}, set())


def test_ok__sites_of_a_group_share_their_people(hq: SiteLists) -> None:
    hq.take(person("w-a", A), person("w-b", B), person("w-c", C))
    hq.risks.add([listed("w-b")], by="office")
    hq.publish()
    for site in (A, B):
        hq.registry.set_group(site, "north", by="office")
    assert hq.publish() == {(site, kind) for site in (A, B) for kind in (ROSTER, RISK, DIRECTORY)}
    assert set(hq.read(A).workers) == set(hq.read(B).workers) == {"w-a", "w-b"}
    assert set(hq.read(A).risks) == {"w-b"}
    assert hq.read(A).workers["w-b"].sites == (B,), "so the gate refuses the worker: not this site"
    assert set(hq.read(C).workers) == {"w-c"}
    hq.take(person("w-b", B, trade="crane"))
    assert hq.publish() == {(site, kind) for site in (A, B) for kind in (ROSTER, DIRECTORY)}
    hq.registry.set_group(A, "", by="office")
    hq.publish()
    assert (set(hq.read(A).workers), set(hq.read(A).risks)) == ({"w-a"}, set())


def test_ok__a_retired_site_gets_an_empty_list(hq: SiteLists) -> None:
    hq.take(person("w-a", A))
    hq.publish()
    hq.registry.retire(A, by="office")
    with hq.store.read() as db:
        assert {(A, ROSTER), (A, RISK)} <= set(dirty(db))
    hq.publisher.publish(A, ROSTER)
    assert hq.read(A).workers == {}


def test_ok__who_moves_leaves_the_gates_at_once_and_their_files_in_time(hq: SiteLists) -> None:
    hq.take(person("w-a", A), *(person(f"w-{number}", A) for number in range(30)))
    hq.publish()
    hq.take(person("w-a", B))
    hq.publish()
    assert "w-a" not in hq.read(A).workers
    assert hq.read(A).names("w-a"), "as the snapshot before the changes holds"
    assert hq.publisher.to_publish_whole() == []
    with hq.store.write() as db:
        db.execute(t.list_bases.update().values(left_utc=t.list_bases.c.left_utc))  # nothing else has a time
        db.execute(
            t.list_bases.update().where(t.list_bases.c.left_utc.isnot(None)).values(left_utc=now() - timedelta(days=2))
        )
    assert hq.publisher.to_publish_whole() == [(A, ROSTER)]
    hq.publisher.publish_without_removed(A)
    assert not hq.read(A).names("w-a")
    assert hq.publisher.to_publish_whole() == []
    with hq.store.read() as db:
        assert db.execute(t.forgotten.select()).all() == [], "no receipt is asked for: the templates count elsewhere"


def test_ok__a_withdrawal_concerns_the_sites_that_hold_the_worker(hq: SiteLists) -> None:
    hq.take(person("w-a", A), person("w-b", B), *(person(f"w-{number}", A, B) for number in range(30)))
    hq.publish()
    hq.take(person("w-new", B))
    hq.publish()
    hq.people.withdraw(["w-new"], "office")
    assert hq.publisher.holding_removed() == [B], "who was only in the changes counts, too"
    hq.publisher.publish_without_removed(B)
    with hq.store.read() as db:
        covers = {
            row.site_id: row.covers for row in db.execute(t.snapshots.select().order_by(t.snapshots.c.list_version))
        }
        newest = max(row.id for row in db.execute(t.forgotten.select()))
    assert covers == {A: newest, B: newest, C: newest}, "the others prove at once that they hold nothing"


def test_ok__one_workers_change_decrypts_no_other_site(hq: SiteLists, monkeypatch: pytest.MonkeyPatch) -> None:
    hq.take(person("w-a", A), *(person(f"w-{number}", B) for number in range(20)))
    hq.publish()
    hq.take(person("w-a", A, trade="crane"))
    opened: list[str] = []
    true = Cipher.decrypt
    monkeypatch.setattr(Cipher, "decrypt", lambda cipher, value, row: (opened.append(row), true(cipher, value, row))[1])
    statements: list[str] = []
    event.listen(hq.store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    hq.publish()
    assert {row for row in opened if row.startswith("workers/")} == {"workers/w-a"}
    assert len(statements) < 100


def test_ok__works_elsewhere_is_for_hq_to_say(hq: SiteLists) -> None:
    hq.take(person("w-a", A), person("w-b", B))
    with hq.store.read() as db:
        assert works_elsewhere(db, "w-b", A) == {B}
        assert works_elsewhere(db, "w-a", A) == works_elsewhere(db, "nobody", A) == frozenset()


def test_ok__an_import_that_fails_marks_nothing(hq: SiteLists) -> None:
    hq.take(person("w-a", A))
    hq.publish()
    bad = WorkerRecord(worker_id="w-b", sites=(A,), templates=person("w-b").templates)
    with pytest.raises(ValueError, match="no consent_ref"):
        hq.people.take(ImportFile(workers=(person("w-c", A), bad)))
    assert hq.publish() == set()


# Risk entries


def test_ok__an_entry_ends_by_itself(hq: SiteLists) -> None:
    utc = now()
    hq.take(person("w-a", A))
    short = listed("w-a", valid_until_utc=utc + timedelta(hours=1), reason_code="contact", officer="Dr. A")
    hq.risks.add([short, listed("w-a", list_name="other")], by="office")
    hq.publish()
    assert {entry.list_name for entry in hq.read(A).risks["w-a"]} == {"contacts", "other"}
    assert hq.risks.expire() == 0
    with hq.store.write() as db:
        db.execute(
            t.risk_entries.update().where(t.risk_entries.c.valid_until_utc.isnot(None)).values(valid_until_utc=utc)
        )
    assert hq.risks.expire() == 1
    assert [one.list_name for one in hq.risks.find("w-a", history=True)] == ["other"], "nothing of it is left"
    assert hq.publish() == {(A, RISK)}
    assert [entry.list_name for entry in hq.read(A).risks["w-a"]] == ["other"]


def test_ok__who_lifts_an_entry_is_kept_and_who_may_is_checked(hq: SiteLists) -> None:
    hq.take(person("w-a", A))
    hq.risks.add([listed("w-a", may_lift=("Site Doctor",), purpose="quarantine")], by="office")
    hq.publish()
    for by, why in (("clerk", "please"), ("site doctor", " ")):
        with pytest.raises(RiskRefused):
            hq.risks.lift("w-a", "Contacts", by, why)
    with pytest.raises(RiskRefused, match="on these: contacts"):
        hq.risks.lift("w-a", "wages", "site doctor", "healthy")
    hq.risks.lift("w-a", "Contacts", "site  doctor", "healthy")
    assert hq.publish() == {(A, RISK)}
    assert hq.read(A).risks == {}
    (kept,) = hq.risks.find("w-a", history=True)
    assert (kept.added_by, kept.lifted_by, kept.lifted_why) == ("office", "site  doctor", "healthy")
    assert hq.risks.find("w-a") == []
    hq.risks.add([listed("w-a")], by="office")
    assert len(hq.risks.find("w-a", history=True)) == 2


def test_ok__a_replaced_list_leaves_the_others_and_what_stays_the_same(hq: SiteLists) -> None:
    hq.take(person("w-a", A), person("w-b", B))
    hq.risks.add([listed("w-a"), listed("w-b"), listed("w-a", list_name="other")], by="office")
    hq.publish()
    hq.risks.replace_list("CONTACTS", [listed("w-a", list_name="contacts")], by="clerk")
    assert hq.publish() == {(B, RISK)}
    assert [(one.worker_id, one.list_name, one.added_by) for one in hq.risks.find()] == [
        ("w-a", "contacts", "office"),
        ("w-a", "other", "office"),
    ]
    hq.risks.add([listed("w-a", reason_code="new")], by="clerk")
    assert len(hq.risks.find("w-a", "contacts")) == 1, "one worker is on one list once"


def test_ok__the_file_names_nobody_who_is_listed(hq: SiteLists) -> None:
    hq.take(person("w-a", A))
    hq.risks.add([listed("w-a", officer="Dr. Secret", purpose="quarantine"), listed("w-listed-elsewhere")], by="office")
    with hq.store.read() as db:
        rows = repr(db.execute(t.risk_entries.select()).all())
    assert not [word for word in ("w-a", "w-listed-elsewhere", "contacts", "Secret", "quarantine") if word in rows]


def test_ok__after_the_key_of_the_index_is_lost_the_entries_are_found_again(hq: SiteLists) -> None:
    hq.take(person("w-a", A))
    hq.risks.add([listed("w-a")], by="office")
    with hq.store.write() as db:
        db.execute(t.index_keys.update().values(value=b"damaged"))
    with pytest.raises(AtRestError):
        hq.risks.find("w-a")
    remove_unreadable(hq.keys.folder, hq.store)
    assert [one.list_name for one in hq.risks.find("w-a")] == ["contacts"]
    hq.publish()
    assert set(hq.read(A).risks) == {"w-a"}


def test_ok__a_damaged_entry_stops_nothing_else(hq: SiteLists, monkeypatch: pytest.MonkeyPatch) -> None:
    utc = now()
    hq.take(person("w-a", A), person("w-b", B))
    hq.risks.add([listed("w-a", valid_until_utc=utc + timedelta(hours=1)), listed("w-b")], by="office")
    with hq.store.write() as db:
        first = t.risk_entries.c.valid_until_utc.isnot(None)
        db.execute(t.risk_entries.update().where(first).values(valid_until_utc=utc, body=b"\x01damaged"))
    expiry = RiskExpiry(hq.risks)
    with capture_logs() as logs:
        expiry.due()
        expiry.due()
    assert [line["event"] for line in logs] == ["risk_entries_not_ended"]
    hq.publisher.publish(B, RISK)
    assert set(hq.read(B).risks) == {"w-b"}


# Any sequence of changes

NAMES, SITES = tuple("klmnop"), (A, B, C)
some_sites = st.lists(st.sampled_from(SITES), unique=True).map(tuple)
steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(NAMES), some_sites),
    st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("list"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("group"), st.sampled_from(SITES), st.sampled_from(["", "north"])),
    st.tuples(st.just("publish"), st.none(), st.none()),
)


@given(st.lists(steps, min_size=4, max_size=14))
@settings(max_examples=12, deadline=None)
def test_ok__after_any_changes_each_site_holds_exactly_its_people(
    doings: list[tuple[str, str, tuple[str, ...]]],
) -> None:
    with TemporaryDirectory() as folder:
        hq = SiteLists(Path(folder), SITES)
        try:
            _play(hq, doings)
        finally:
            hq.close()


def _play(hq: SiteLists, doings: list[tuple[str, str, tuple[str, ...]]]) -> None:
    works: dict[str, tuple[str, ...]] = {}
    risky: set[str] = set()
    group = dict.fromkeys(SITES, "")
    for what, name, given_ in [*doings, ("publish", "", ())]:
        if what == "put":
            hq.take(person(name, *given_))
            works[name] = given_
        elif what == "remove" and name in works:
            hq.people.withdraw([name], "office", remove=True)
            del works[name]
        elif what == "list":
            hq.risks.add([listed(name)], by="office")
            risky.add(name)
        elif what == "group":
            hq.registry.set_group(name, str(given_), by="office")
            group[name] = str(given_)
        elif what == "publish":
            hq.publish()
            for site in SITES:
                seen_from = {other for other in SITES if other == site or (group[site] and group[other] == group[site])}
                theirs = {who for who, sites in works.items() if seen_from & set(sites)}
                stolen = hq.read(site)
                assert set(stolen.workers) == stolen.named == theirs
                assert set(stolen.risks) == theirs & risky
