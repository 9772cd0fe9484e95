"""The gate executes orders and requests once, in their time: after a lost journal, or with a clock set back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from loop_rig import NOBODY, House, known, order

from contract.messages import Ack, ClockEvent, Command, CommandAction, ListKind, NoticeCode, NoticeEvent, Reason
from contract.times import corrections
from edge.app.journal_startup import learn_time
from edge.core.config import Config, SiteConfig
from edge.core.domain import AdmitRequest, ListMark, LockDownRequest, TechnicianRequest
from edge.loop import GateLoop
from edge.storage.desk import DeskWriter
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal, JournalReader
from edge.storage.technician_request import NAME, RequestNotLeft, TechnicianRequests, ask
from edge.system.clock import BoundedClock


class Vault(House):
    """The house of test_loop with all that the gate remembers, in `folder`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.journal.close()
        self.acked: list[Ack] = []
        self.lists.acks = lambda: self.acked  # type: ignore[method-assign]
        for path in folder.glob("journal.db*"):
            path.unlink()
        self.start()

    def start(self) -> None:
        self.bounded = BoundedClock(self.clock)
        self.water = HighWater(self.folder, now=self.clock.utc)
        self.journal = Journal(self.folder / "journal.db", SiteConfig(), self.bounded, memory=self.water)
        self.water.join(self.journal.mark("high-water"), lambda text: self.journal.set_mark("high-water", text))
        learn_time(self.bounded, self.journal, self.water)
        adapters = self.adapters(
            clock=self.bounded,
            high_water=self.water,
            clock_bounds=self.bounded,
            technician_requests=TechnicianRequests(self.folder),
        )
        self.loop = GateLoop(Config(), adapters)

    def stop(self) -> None:
        """As after a power cut: nobody says goodbye."""
        self.water.close()
        self.journal.close()

    def reboot(self, off_s: float = 20) -> None:
        """The machine is off for a moment; its monotonic clock begins again."""
        self.stop()
        self.clock.advance(off_s)
        self.clock._monotonic_s = 15.0
        self.journal_boot = "another-boot"
        self.start()
        self.journal.time.boot_id = self.journal_boot

    def ordered(self, *orders: Command) -> None:
        self.lists.orders = list(orders)
        self.sees(NOBODY, 0.5)

    @property
    def refusals(self) -> list[str]:
        codes = (NoticeCode.COMMAND_REFUSED, NoticeCode.REQUEST_REFUSED)
        return [e.detail for e in self.events if isinstance(e, NoticeEvent) and e.code in codes]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = Vault(tmp_path)
    made.clock.advance(3600)
    yield made
    made.loop.close()


def without(folder: Path, image: dict[str, bytes]) -> None:
    """The card as it was when `image` was made; without one, a new card."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
    for name, data in image.items():
        (folder / name).write_bytes(data)


def card(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and "lock" not in path.name}


@pytest.mark.parametrize("how", ["old image", "new card", "journal removed", "journal rolled back"])
@pytest.mark.parametrize("action", [CommandAction.OPEN_ONCE, CommandAction.RELEASE_LOCK_DOWN])
def test_fail__an_order_does_not_run_twice_whatever_becomes_of_the_card(
    vault: Vault, how: str, action: CommandAction
) -> None:
    vault.stop()
    image = card(vault.folder)
    vault.start()
    given = order(vault, "c1").model_copy(update={"action": action})
    vault.ordered(given)
    acts, starts = list(vault.acts), vault.notices.count(NoticeCode.COMMAND_DONE)
    assert ("pulse" in acts) == (action is CommandAction.OPEN_ONCE)
    vault.sees(NOBODY, 8.0)
    vault.stop()
    if how in ("old image", "new card"):
        without(vault.folder, image if how == "old image" else {})
    else:
        for path in vault.folder.glob("journal.db*"):
            path.unlink()
        for name in ("journal.db", "journal.db-wal") if how == "journal rolled back" else ():
            if name in image:
                (vault.folder / name).write_bytes(image[name])
    vault.clock.advance(20)
    if how in ("old image", "new card"):  # to change a card the machine is switched off
        vault.clock._monotonic_s = 15.0
    vault.reader.close()
    vault.start()
    for _ in range(2):
        vault.ordered(given)
    assert vault.acts.count("pulse") == acts.count("pulse"), "nothing opened a second time"
    assert vault.notices.count(NoticeCode.COMMAND_DONE) <= starts
    assert len(vault.refusals) == 1 and "may have been executed already" in vault.refusals[0].replace(
        "may have been too", "may have been executed already"
    )
    vault.stop()
    vault.start()
    vault.ordered(given)
    assert vault.acts.count("pulse") == acts.count("pulse")
    new = order(vault, "c2")
    vault.ordered(new)
    assert vault.acts.count("pulse") == acts.count("pulse") + 1, "a new order is obeyed"


def test_ok__a_lock_down_is_obeyed_in_doubt(vault: Vault) -> None:
    given = order(vault, "c1").model_copy(update={"action": CommandAction.LOCK_DOWN})
    vault.stop()
    without(vault.folder, {})
    vault.clock.advance(5)
    vault.start()
    vault.ordered(given)
    assert NoticeCode.LOCKED_DOWN in vault.notices


def test_fail__an_order_from_before_the_machine_was_switched_on(vault: Vault) -> None:
    """It may have been obeyed by a card that is no longer here. HQ gets a report, and orders again."""
    given = order(vault, "c1")
    vault.reboot()
    vault.ordered(given)
    assert "pulse" not in vault.acts and "before the gate was switched on" in vault.refusals[0]


def test_fail__a_request_from_before_a_lost_journal_is_refused(vault: Vault) -> None:
    desk = DeskWriter(vault.folder / "desk.db", vault.clock.utc)
    admit = {"by": "guard", "reason": "visitor", "direction": "in", "asked_utc": vault.clock.utc()}
    desk.request_admission(AdmitRequest.model_validate(admit))
    vault.sees(NOBODY, 0.5)
    assert vault.acts.count("pulse") == 1
    vault.sees(NOBODY, 8.0)
    vault.stop()
    for path in vault.folder.glob("journal.db*"):
        path.unlink()
    vault.reader.close()
    vault.start()
    vault.sees(NOBODY, 0.5)
    assert vault.acts.count("pulse") == 1 and "before this gate's memory begins" in vault.refusals[0]
    desk.request_lock_down(LockDownRequest(by="guard", asked_utc=vault.clock.utc()), release=False)
    vault.sees(NOBODY, 0.5)
    assert NoticeCode.LOCKED_DOWN in vault.notices
    desk.close()


# --- the clock -------------------------------------------------------------------------------------------------


def back(vault: Vault, hours: float) -> None:
    vault.clock.set_utc(vault.clock.utc() - timedelta(hours=hours))


@pytest.mark.parametrize("hours", [2, 4.5])
@pytest.mark.parametrize("switched_off", [False, True])
def test_fail__a_clock_that_was_set_back_admits_nobody_also_after_a_reboot(
    vault: Vault, hours: float, switched_off: bool
) -> None:
    vault.sees(NOBODY, 1)
    vault.clock.advance(8 * 3600)  # a night without an event
    vault.sees(NOBODY, 1)
    back(vault, hours)
    if switched_off:
        vault.reboot()
    vault.sees(known(), 1)
    assert vault.decisions == [Reason.CLOCK_UNTRUSTED]
    assert vault.notices.count(NoticeCode.CLOCK_BEHIND) == 1
    vault.ordered(order(vault, "c1"))
    assert "pulse" not in vault.acts and "clock is not trusted" in vault.refusals[0]
    vault.clock.set_utc(vault.clock.utc() + timedelta(hours=hours))
    vault.sees(known(2), 1)
    assert vault.decisions[-1] is Reason.GRANTED


def test_ok__hq_confirms_a_clock_that_was_years_ahead_and_was_set_right(vault: Vault) -> None:
    """Its acknowledgement of something recorded since then proves the time; an older one, or another time, proves
    nothing."""
    start = vault.clock.utc()
    vault.clock.set_utc(start + timedelta(days=2000))
    vault.sees(NOBODY, 1)
    vault.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    vault.clock.set_utc(start)
    vault.sees(known(), 1)
    assert vault.decisions == [Reason.CLOCK_UNTRUSTED]
    behind = next(e for e in vault.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.CLOCK_BEHIND)
    right = {"gate_id": "gate-1", "epoch": vault.journal.epoch, "seq": behind.seq, "utc": vault.clock.utc()}
    for wrong in (
        {"seq": behind.seq - 1},
        {"epoch": "another"},
        {"utc": start - timedelta(hours=2)},
        {"utc": start + timedelta(hours=2)},
    ):
        vault.acked[:] = [Ack.model_validate(right | wrong)]
        vault.sees(NOBODY, 1)
        assert not vault.bounded.trusted()
    vault.acked[:] = [Ack.model_validate(right)]
    vault.sees(NOBODY, 1)
    vault.sees(known(2), 1)
    assert vault.decisions[-1] is Reason.GRANTED
    assert vault.notices.count(NoticeCode.CLOCK_BELIEVED) == 1
    events = vault.events
    tamper = next(e for e in events if isinstance(e, NoticeEvent) and e.code is NoticeCode.TAMPER)
    assert abs(corrections(events)[tamper.seq] - start) < timedelta(seconds=10), "the times from then are corrected"
    assert isinstance(events[[e.seq for e in events].index(tamper.seq) + 1], ClockEvent)
    vault.reboot()
    assert vault.bounded.trusted(), "also after a restart"


def test_ok__a_technician_says_that_the_clock_is_right(vault: Vault) -> None:
    vault.clock.set_utc(vault.clock.utc() + timedelta(days=2000))
    vault.sees(NOBODY, 1)
    vault.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    vault.clock.set_utc(vault.clock.utc() - timedelta(days=2000))
    vault.sees(NOBODY, 1)
    asked = {
        "kind": "believe_clock",
        "ref": "technician-1",
        "by": "root",
        "why": "set by hand",
        "asked_utc": vault.clock.utc(),
    }
    ask(vault.folder, TechnicianRequest.model_validate(asked))
    with pytest.raises(RequestNotLeft, match="still waiting"):
        ask(vault.folder, TechnicianRequest.model_validate(asked))
    vault.sees(known(), 1)
    assert vault.decisions[-1] is Reason.GRANTED and not (vault.folder / NAME).exists()
    told = [e.detail for e in vault.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.CLOCK_BELIEVED]
    assert len(told) == 1 and "by root: set by hand" in told[0]
    ask(vault.folder, TechnicianRequest.model_validate(asked))
    vault.sees(NOBODY, 1)
    assert vault.notices.count(NoticeCode.CLOCK_BELIEVED) == 1, "once"


def test_ok__a_technician_has_older_lists_taken_and_that_is_recorded(vault: Vault) -> None:
    vault.water.raise_to(ListKind.RISK, ListMark(version=7, issued_utc=vault.clock.utc(), digest="d"))
    asked = {
        "kind": "take_older_lists",
        "ref": "technician-1",
        "by": "root",
        "why": "HQ restored",
        "asked_utc": vault.clock.utc(),
    }
    ask(vault.folder, TechnicianRequest.model_validate(asked))
    vault.sees(NOBODY, 1)
    told = [e.detail for e in vault.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.LISTS_FORGOTTEN]
    assert told == ["by root: HQ restored; in force were risk 7"]
    assert vault.water.takes_older(ListKind.RISK)
    reader = JournalReader(vault.folder / "journal.db")
    live = reader.live()
    reader.close()
    assert live is not None and live.lists_older == (ListKind.RISK,)


@pytest.mark.parametrize("what", [b"no json", b"{}", b"x" * 5000])
def test_fail__a_request_that_is_none_is_taken_away(vault: Vault, what: bytes) -> None:
    (vault.folder / NAME).write_bytes(what)
    vault.sees(known(), 1)
    assert vault.decisions == [Reason.GRANTED] and not (vault.folder / NAME).exists()


def test_ok__a_card_that_was_new_while_the_clock_was_ahead_is_of_use_once_it_is_set_right(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.stop()
    without(tmp_path, {})
    start = vault.clock.utc()
    vault.clock.set_utc(start + timedelta(days=2000))
    vault.reader.close()
    vault.start()
    vault.sees(NOBODY, 1)
    vault.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    vault.clock.set_utc(start)
    vault.sees(NOBODY, 1)
    behind = next(e for e in vault.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.CLOCK_BEHIND)
    ack = {"gate_id": "gate-1", "epoch": vault.journal.epoch, "seq": behind.seq, "utc": vault.clock.utc()}
    vault.acked[:] = [Ack.model_validate(ack)]
    vault.sees(NOBODY, 1)
    vault.ordered(order(vault, "c1"))
    assert "pulse" in vault.acts
    vault.loop.close()
