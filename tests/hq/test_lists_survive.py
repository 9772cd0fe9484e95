"""HQ goes past the versions that gates hold, after it was restored from a backup or got a new database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from restore_rig import OldWorld
from structlog.testing import capture_logs
from sync_rig import Mosquitto, Rig, utc
from typer.testing import CliRunner
from withdrawal_rig import worker

from contract.messages import DECISION_LISTS, GateStatus, ListInForce, ListKind, RiskEntry
from hq.cli import app
from hq.database.gate_reports import set_status
from hq.database.published_lists import floor, newest_versions
from hq.database.restorations import restorations
from hq.lists.claims import CLAIM_MAX, ClaimVerdict, ListClaim, MadeVersions, judge_claim
from hq.registry.import_file import ImportFile
from hq.reports.list_states import list_problems
from hq.service.publishing import Publishing
from hq.service.version_claims import CLAIMS_AT_ONCE, VersionClaims

ROSTER, RISK, POLICY = DECISION_LISTS
A, B = "a" * 64, "b" * 64


@pytest.fixture
def world(tmp_path: Path, broker: Mosquitto) -> Iterator[OldWorld]:
    rig = Rig(tmp_path, broker.port)
    made = OldWorld(rig)
    yield made
    made.close()
    rig.close()


def test_ok__a_restored_hq_goes_past_the_versions_at_gates_and_says_so(world: OldWorld) -> None:
    """Version 2 is made twice, with other content each time; the gate refuses the second one."""
    world.publish_all()
    gate, copy = world.gate(), world.copy()
    world.people.take(ImportFile(workers=(worker("w-4"),), risk=(RiskEntry(worker_id="w-1", list_name="L"),)))
    world.publish_all()
    hq = world.rig.hq(known=False)
    world.wait(lambda: {kind: gate.version(kind) for kind in DECISION_LISTS} == dict.fromkeys(DECISION_LISTS, 2), "2")
    hq.stop()
    world.set_back(copy)
    world.people.take(ImportFile(workers=(worker("w-5"),)))
    world.publish_all()
    with capture_logs() as logs:
        hq = world.rig.hq(known=False)
        world.wait(lambda: gate.who == {"w-1", "w-2", "w-3", "w-5"}, "the restored HQ's roster is in force")
        world.wait(lambda: gate.version(RISK) > 2 and gate.version(POLICY) > 2, "all lists")
        assert set(gate.roster.state.risks) == {"w-1"}  # listed after the backup, as changes.log says
        world.wait(lambda: not list_problems(world.store), "no gate refuses anything")
        hq.stop()
    past = [entry for entry in logs if entry["event"] == "list_goes_past_gate"]
    # The entry of changes.log is published, too. If that comes first, the risk list is above version 2 by itself.
    assert {entry["kind"] for entry in past} | {"risk"} == {"roster", "risk", "policy"}
    assert {entry["gate_id"] for entry in past} == {"gate-1"}
    with world.store.read() as db:
        assert [one.seen_utc for one in restorations(db)] == [None]


def test_ok__an_empty_database_takes_over_once_people_are_imported(world: OldWorld) -> None:
    """Before that, HQ must not publish an empty list, which would admit nobody."""
    world.publish_all()
    world.publish_all()
    gate, hq = world.gate(), world.rig.hq(known=False)
    world.wait(lambda: gate.version(ROSTER) == 2, "in force")
    hq.stop()
    empty = world.rig.folder / "empty.db"
    empty.touch()
    world.set_back(empty)
    world.rig.register()
    world.publish_all()
    hq = world.rig.hq(known=False)
    world.wait(lambda: list_problems(world.store), "the gate is ahead")
    world.wait(lambda: _floor(world) == 2, "noted")
    assert gate.who == {"w-1", "w-2", "w-3"}
    world.people.take(ImportFile(workers=(worker("w-7"),)))
    world.publisher.publish("site-1", ROSTER)
    world.wait(lambda: gate.who == {"w-7"}, "the new list is in force")


def _floor(world: OldWorld) -> int:
    with world.store.read() as db:
        return floor(db, "site-1", ROSTER)


MADE = MadeVersions(last=9, whole=7, digests={7: A, 8: A, 9: A})


@pytest.mark.parametrize(
    ("version", "digest", "verdict"),
    [
        (9, A, ClaimVerdict.FITS),
        (9, "", ClaimVerdict.FITS),
        (9, B, ClaimVerdict.OTHER_CONTENT),
        (7, B, ClaimVerdict.OTHER_CONTENT),
        (6, B, ClaimVerdict.FITS),  # the snapshot of version 7 is accepted
        (10, A, ClaimVerdict.AHEAD),
        (CLAIM_MAX, "", ClaimVerdict.AHEAD),
        (CLAIM_MAX + 1, "", ClaimVerdict.NOT_BELIEVED),
    ],
)
def test_ok__what_a_version_at_a_gate_means(version: int, digest: str, verdict: ClaimVerdict) -> None:
    assert judge_claim(ListClaim(ROSTER, version, digest), MADE) is verdict


def test_ok__hq_counts_on_after_it_went_past_the_highest_claim() -> None:
    beyond = MadeVersions(CLAIM_MAX + 5, CLAIM_MAX + 1, {CLAIM_MAX + 5: A})
    assert judge_claim(ListClaim(ROSTER, CLAIM_MAX + 5, A), beyond) is ClaimVerdict.FITS


class Claimed:
    """HQ's part that follows claims, without a broker."""

    def __init__(self, world: OldWorld) -> None:
        self.world, self.serial = world, 0
        self.claims = VersionClaims(world.store, Publishing(world.publisher))
        world.rig.register()

    def say(self, version: int, *, kind: ListKind = ROSTER, gate_id: str = "gate-1", signed: bool = True) -> int:
        """Let a gate claim a version. Return HQ's version after that."""
        self.serial += 1
        held = ListInForce(kind=kind, list_version=version, digest=B)
        status = GateStatus(gate_id=gate_id, site_id="site-1", online=True, serial=self.serial, lists_kept=(held,))
        status = status.model_copy(update={"signature": b"s" * 64 if signed else None})
        set_status(self.world.store, status)
        self.claims.heard(status)
        self.claims.due()
        with self.world.store.read() as db:
            return newest_versions(db)["site-1", kind][0]


@pytest.fixture
def claimed(world: OldWorld) -> Claimed:
    world.publish_all()
    return Claimed(world)


def test_fail__an_unsigned_word_or_one_of_an_unregistered_gate_changes_nothing(claimed: Claimed) -> None:
    assert claimed.say(50, signed=False) == 1
    assert claimed.say(50, gate_id="gate-9") == 1
    assert claimed.say(50) == 51


def test_fail__a_stolen_gate_can_neither_use_up_the_versions_nor_force_publications_without_end(
    claimed: Claimed,
) -> None:
    with capture_logs() as logs:
        assert claimed.say(2**53) == 1
        assert claimed.say(CLAIM_MAX + 1) == 1
        made = [claimed.say(claimed.say(1) + 1) for _ in range(20)]
    assert made[-1] == made[-2]
    assert [entry["event"] for entry in logs].count("list_goes_past_gate") == CLAIMS_AT_ONCE
    refused = [entry for entry in logs if entry["event"] == "version_at_gate_not_followed"]
    assert [entry["gate_id"] for entry in refused] == ["gate-1"]
    assert any(problem.refused for problem in list_problems(claimed.world.store))


def test_ok__each_list_is_followed_by_itself_and_the_alarm_ends_with_the_new_version(claimed: Claimed) -> None:
    assert claimed.say(30, kind=POLICY) == 31
    assert claimed.say(1, kind=ROSTER) > 1  # the same version, with other content
    status = GateStatus(gate_id="gate-1", site_id="site-1", online=True, serial=99, utc=utc())
    set_status(claimed.world.store, status.model_copy(update={"signature": b"s" * 64}))
    assert not [problem for problem in list_problems(claimed.world.store) if problem.refused]


def test_ok__a_person_goes_past_a_version_that_is_not_believed(claimed: Claimed) -> None:
    hq = ["-d", str(claimed.world.rig.hq_folder)]
    claimed.say(CLAIM_MAX + 7)
    shown = CliRunner().invoke(app, ["gates", *hq])
    assert f"the gate refuses roster 1: it holds version {CLAIM_MAX + 7}" in shown.output
    done = CliRunner().invoke(app, ["publish", "--above", str(CLAIM_MAX + 7), "--list", "roster", *hq])
    assert f"roster version {CLAIM_MAX + 8}" in done.output
    assert "refuses" not in CliRunner().invoke(app, ["gates", *hq]).output


def test_ok__hq_says_that_it_was_restored_until_a_person_has_checked(claimed: Claimed) -> None:
    hq = ["-d", str(claimed.world.rig.hq_folder)]
    claimed.say(50)
    claimed.say(51)  # a second gate, say: the same restoration
    warned = CliRunner().invoke(app, ["gates", *hq]).output
    assert warned.count("Check what was changed since") == 1
    missing = CliRunner().invoke(app, ["restored", "checked", "1", "--by", "", "--why", "x", *hq])
    assert missing.exit_code == 1 and "both are recorded" in missing.output
    checked = ["restored", "checked", "1", "--by", "manager-7", "--why", "compared with the paper", *hq]
    assert CliRunner().invoke(app, checked).exit_code == 0
    assert "no open restoration" in CliRunner().invoke(app, checked).output
    assert "restored" not in CliRunner().invoke(app, ["gates", *hq]).output
    assert "manager-7" in CliRunner().invoke(app, ["restored", *hq]).output
