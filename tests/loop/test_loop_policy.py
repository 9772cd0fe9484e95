"""The loop under a policy: presence from its own journal, a thermometer that is lost, pairs, and slow workers."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from loop_rig import NOBODY, House, known

from contract.messages import (
    AccessEvent,
    Advice,
    JournalEnd,
    LastPassages,
    ListKind,
    NoticeCode,
    PolicySnapshot,
    PresenceSnapshot,
    Reason,
    RiskEntry,
)
from contract.parts import Content, write_parts
from contract.policy import AntiPassback, RiskAction, RiskRule
from edge.core.config import Config
from edge.core.domain import GateSignal, RosterState, Tone, Worker
from edge.core.ports import Presence
from edge.loop import GateLoop
from edge.replica.presence_list import PresenceListReader
from edge.replica.site_presence import SitePresence
from edge.sim import SimulatedThermometer
from edge.storage.journal import JournalReader
from edge.storage.presence import JournalPresence


class Site(House):
    """The house with presence and a thermometer, three workers, and rules of one's own."""

    def __init__(self, folder: Path) -> None:
        self.thermometer = SimulatedThermometer()
        super().__init__(folder)
        site = frozenset({"site-1"})
        workers = {name: Worker(name, site, training_valid_until=date(2099, 1, 1)) for name in ("w1", "w2", "w3")}
        self.lists.state = self.with_rules(workers=workers)
        self.visits = 0

    def make_loop(self) -> GateLoop:
        adapters = self.adapters(presence=self.make_presence(), thermometer=self.thermometer)
        return GateLoop(Config(), adapters)

    def make_presence(self) -> Presence:
        return JournalPresence(self.folder / "journal.db", self.clock)

    def with_rules(self, **changes: Any) -> RosterState:
        return replace(self.lists.state, **changes)

    def rules(self, **changes: Any) -> None:
        policy = PolicySnapshot(site_id="site-1", issued_utc=self.clock.utc(), **changes)
        self.lists.state = self.with_rules(policy=policy)

    def comes(self, worker_id: str, walks: bool = True) -> AccessEvent:
        """A worker stands before the gate, and walks through if it opens; the decision."""
        self.visits += 1
        self.sees(NOBODY, 6.0)
        self.sees(known(self.visits, worker_id), 0.3)
        decision = [event for event in self.events if isinstance(event, AccessEvent)][-1]
        if decision.granted and walks:
            self.gate.report(GateSignal.PASSED)
            self.sees(known(self.visits, worker_id), 0.3)
        elif decision.granted:
            self.sees(known(self.visits, worker_id), 7.0)
        assert decision.worker_id == worker_id
        return decision

    @property
    def shown(self) -> tuple[Tone, Advice | None]:
        return self.indicator.history[-1].tone, self.indicator.history[-1].advice


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.loop.close()


def test_fail__who_is_inside_comes_in_again_only_after_a_time(site: Site) -> None:
    site.rules(anti_passback=AntiPassback.HARD, anti_passback_forgets_after_h=1)
    assert site.comes("w1").granted
    assert site.comes("w1").reason is Reason.PASSBACK
    assert site.shown == (Tone.DESK, Advice.SEE_DESK)
    site.loop = site.make_loop()  # the process is started again
    assert site.comes("w1").reason is Reason.PASSBACK
    site.clock.advance(3600)
    assert site.comes("w1").granted


def test_ok__soft_anti_passback_tells_the_manager_and_opens(site: Site) -> None:
    site.rules(anti_passback=AntiPassback.SOFT)
    assert site.comes("w1").alerts == ()
    again = site.comes("w1")
    assert again.granted
    assert again.alerts[0].startswith("anti-passback: is inside already")


def test_ok__who_did_not_walk_through_is_not_inside(site: Site) -> None:
    site.rules(anti_passback=AntiPassback.HARD)
    assert site.comes("w1", walks=False).granted
    assert site.comes("w1").granted


def test_fail__a_full_site_lets_nobody_in(site: Site) -> None:
    site.rules(occupancy_max=2)
    assert [site.comes(name).reason for name in ("w1", "w2", "w3")] == [
        Reason.GRANTED,
        Reason.GRANTED,
        Reason.SITE_FULL,
    ]
    assert site.shown == (Tone.ADJUST, Advice.WAIT)


def test_ok__two_persons_come_in_one_after_the_other(site: Site) -> None:
    site.rules(two_person=True)
    assert site.comes("w1").reason is Reason.PARTNER_NEEDED
    assert site.shown == (Tone.ADJUST, Advice.NEXT_PERSON_TOO)
    assert [site.comes(name).reason for name in ("w2", "w1")] == [Reason.GRANTED, Reason.GRANTED]
    assert site.comes("w3").reason is Reason.PARTNER_NEEDED
    assert site.acts.count("pulse") == 2


def test_fail__the_second_person_must_be_entitled_too(site: Site) -> None:
    site.rules(two_person=True)
    site.lists.state = site.with_rules(risks={"w2": (RiskEntry(worker_id="w2"),)})
    assert [site.comes(name).reason for name in ("w1", "w2", "w1")] == [
        Reason.PARTNER_NEEDED,
        Reason.RISK_HOLD,
        Reason.PARTNER_NEEDED,
    ]
    assert "pulse" not in site.acts


def test_ok__an_admission_with_an_alert_looks_like_any_other_in_the_lane(site: Site) -> None:
    rules = (RiskRule(list_name="watch", action=RiskAction.ADMIT_AND_ALERT),)
    site.rules(risk_rules=rules)
    site.lists.state = site.with_rules(risks={"w2": (RiskEntry(worker_id="w2", list_name="watch"),)})
    plain, watched = site.comes("w1"), site.comes("w2")
    assert (plain.alerts, watched.alerts) == ((), ("risk list: watch: admit_and_alert",))
    go, idle = (Tone.GO, Advice.WALK_THROUGH), (Tone.IDLE, None)
    assert [(shown.tone, shown.advice) for shown in site.indicator.history] == [go, idle, go]
    assert (plain.reason, plain.advice, plain.detail) == (watched.reason, watched.advice, watched.detail)


def test_ok__nobody_is_measured_whose_policy_does_not_ask(site: Site) -> None:
    site.rules()
    assert site.comes("w1").temperature_c is None


def test_fail__a_fever_and_a_lost_thermometer(site: Site) -> None:
    site.rules(temperature_max_c=37.3, temperature_required=True)
    normal = site.comes("w1")
    assert (normal.granted, normal.temperature_c) == (True, 36.4)
    site.thermometer.now = 38.9
    fever = site.comes("w2")
    assert (fever.reason, fever.temperature_c) == (Reason.TEMPERATURE_HIGH, 38.9)
    site.thermometer.fault = "unplugged"
    assert site.comes("w3").reason is Reason.NO_DECISION
    site.thermometer.fault, site.thermometer.now = "", 36.2
    assert site.comes("w3").granted
    told = [
        event
        for event in site.events
        if getattr(event, "code", None) in (NoticeCode.READER_LOST, NoticeCode.READER_BACK)
    ]
    assert [event.code for event in told] == [NoticeCode.READER_LOST, NoticeCode.READER_BACK]  # type: ignore[union-attr]
    assert told[0].detail == "thermometer: unplugged"  # type: ignore[union-attr]


class AllGates(Site):
    """The site has a second gate, of which HQ's presence list tells."""

    def make_presence(self) -> Presence:
        self.hq, site_key = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.site_public = site_key.public_key()
        files = self.folder / "presence.list", self.folder / "presence.changes"
        reader = PresenceListReader(*files, "site-1", self.hq.public_key(), site_key)
        return SitePresence(super().make_presence(), reader, self.clock, "gate-1")  # type: ignore[arg-type]

    def hears_who_left_at_gate_2(self, *workers: str) -> int:
        """The version of the list."""
        issued, end = self.clock.utc(), self.events[-1]
        left = LastPassages(workers=workers, ago_ms=(1000,) * len(workers), by=(0,) * len(workers))
        known = JournalEnd(gate_id="gate-1", epoch=end.epoch, seq=end.seq, hash=self.hash_of(end.seq))
        version = int(issued.timestamp() * 1000)
        made = PresenceSnapshot(
            site_id="site-1", list_version=version, issued_utc=issued, outside=left, gates=("gate-2",), ends=(known,)
        )
        (body,) = write_parts([Content(made)], ListKind.PRESENCE, self.site_public, self.hq)
        (self.folder / "presence.list").write_bytes(body)
        return version

    def hash_of(self, seq: int) -> str:
        with closing(JournalReader(self.folder / "journal.db")) as reader:
            return reader.records(seq - 1, 1)[0].hash


def test_ok__who_left_at_another_gate_comes_in_and_the_decision_says_by_which_list(tmp_path: Path) -> None:
    site = AllGates(tmp_path)
    site.rules(anti_passback=AntiPassback.HARD)
    first = site.comes("w1")
    assert (first.granted, first.presence_version) == (True, 0)
    assert site.comes("w1").reason is Reason.PASSBACK
    version = site.hears_who_left_at_gate_2("w1")
    again = site.comes("w1")
    assert (again.reason, again.presence_version) == (Reason.GRANTED, version)
    refused = site.comes("w1")
    assert (refused.reason, refused.presence_version) == (Reason.PASSBACK, version), "its own passage counts at once"
    site.clock.advance(120)
    old = site.comes("w1")
    assert (old.reason, old.presence_version) == (Reason.PASSBACK, 0)
    site.loop.close()
