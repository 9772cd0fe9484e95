"""Codes, cards and PINs before the whole loop: a real journal, real signatures, real QR codes in the frames."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loop_rig import NOBODY, House, OneFrameEach, known, unknown

from contract.code import Code, make
from contract.credentials import card_digest, hash_pin_code
from contract.messages import AccessEvent, Advice, NoticeCode, NoticeEvent, PolicySnapshot, Reason
from contract.policy import Factor, FactorRule
from edge.core.claims import UNKNOWN_CARD, USED_CODE, WRONG_PIN
from edge.core.config import Config
from edge.core.domain import Frame, GateSignal, Identification, Image, ReaderEntry, ReaderStatus, Tone, Worker
from edge.devices.readers.qr_codes import QrCodeReader
from edge.loop import GateLoop
from edge.matcher.engine import quality
from edge.sim import ImmediatePinCodeCheck, ManualClock
from edge.sim.code_card import CodeCard
from edge.storage.journal import Journal

HQ, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
CARD, PIN, OTHER_CARD = "0012345678", "4711", "0099999999"
STORED_PIN = hash_pin_code(PIN)
CARD_AND_PIN = (Factor.CARD, Factor.PIN)


class ShowingCamera(OneFrameEach):
    """A camera before which a card with a code may be held."""

    image: Image = np.full((480, 640, 3), 120, np.uint8)

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        frame = super().wait(after, timeout_s)
        return Frame(self.image, frame.monotonic_s, frame.number) if frame else None


class Typed:
    """A reader on which a test types."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self._entries = clock, list[ReaderEntry]()
        self.now = ReaderStatus(True, "test reader")
        self.closed = False
        self.pressed = 0

    def start(self) -> None: ...

    def types(self, text: str) -> None:
        self._entries.append(ReaderEntry(text, self._clock.monotonic()))

    def entries(self) -> list[ReaderEntry]:
        taken, self._entries = self._entries, []
        return taken

    def keys(self) -> int:
        return self.pressed

    def status(self) -> ReaderStatus:
        return self.now

    def close(self) -> None:
        self.closed = True


class OpenHouse(House):
    """The loop with codes, a reader and a PIN pad; `w1` has all of them."""

    def __init__(self, folder: Path) -> None:
        self.pin_code_check = ImmediatePinCodeCheck()
        super().__init__(folder)
        self.policy()

    def make_loop(self) -> GateLoop:
        self.camera = ShowingCamera(self.clock)
        self.keypad = Typed(self.clock)
        config = Config()
        codes = QrCodeReader(config, HQ.public_key(), self.clock)
        adapters = self.adapters(code_reader=codes, card_reader=self.keypad, pin_code_check=self.pin_code_check)
        return GateLoop(config, adapters)

    def policy(self, *any_of: tuple[Factor, ...], **worker: object) -> None:
        """HQ's policy and w1's record from now on; none: the default ways in."""
        w1 = Worker(
            "w1",
            frozenset({"site-1"}),
            training_valid_until=date(2099, 1, 1),
            cards=(card_digest("site-1", CARD),),
            pin=STORED_PIN,
        )
        other = replace(w1, worker_id="w2", cards=(card_digest("site-1", OTHER_CARD),), pin=None)
        policy = PolicySnapshot(site_id="site-1", list_version=1, issued_utc=self.clock.utc())
        if any_of:
            policy = policy.model_copy(update={"factors": (FactorRule(any_of=any_of),)})
        workers = {"w1": replace(w1, **worker), "w2": other}
        self.lists.state = replace(self.lists.state, workers=workers, policy=policy)
        self.lists.fresh = True

    def restart(self) -> None:
        self.loop.close()
        self.journal = Journal(self.folder / "journal.db", Config().site, self.clock)
        self.loop = self.make_loop()

    def code(self, key: Ed25519PrivateKey = HQ, worker_id: str = "w1", site_id: str = "site-1", days: float = 0) -> str:
        issued = (self.clock.utc() + timedelta(days=days)).replace(microsecond=0)
        return make(Code(worker_id, site_id, issued, issued + timedelta(minutes=15)), key)

    def holds(self, text: str | None) -> None:
        """Somebody holds a card with this code into the picture; None: takes it away."""
        image: Image = np.full((480, 640, 3), 120, np.uint8)
        if text is not None:
            CodeCard(text).draw(image, 250, 260, 140, 0)
        self.camera.image = image

    def types(self, *texts: str, seconds: float = 0.3) -> None:
        for text in texts:
            self.keypad.types(text)
            self.sees(self.matcher.now, seconds)

    def passes(self) -> None:
        self.gate.report(GateSignal.PASSED)
        self.sees(NOBODY, 2.0)

    @property
    def told(self) -> list[tuple[Reason, str | None, str]]:
        return [(e.reason, e.worker_id, e.detail) for e in self.events if isinstance(e, AccessEvent)]

    @property
    def ways(self) -> list[set[Factor]]:
        return [set(e.factors) for e in self.events if isinstance(e, AccessEvent)]

    @property
    def shows(self) -> Advice | None:
        return self.indicator.history[-1].advice if self.indicator.history else None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[OpenHouse]:
    made = OpenHouse(tmp_path)
    yield made
    made.loop.close()


# --- Codes ---


@pytest.mark.parametrize("seen", [NOBODY, unknown()])
def test_ok__a_code_lets_its_worker_in_once_without_a_face(house: OpenHouse, seen: Identification) -> None:
    house.holds(house.code())
    house.sees(replace(seen, approach=0), 1.0)
    house.passes()
    house.holds(None)
    assert house.told[0][:2] == (Reason.GRANTED, "w1") and house.decisions.count(Reason.GRANTED) == 1
    assert house.ways[0] == {Factor.CODE} and house.acts == ["pulse", "lock"]
    assert len(house.loop.shown_to_pulse_s) == 1


def test_ok__a_code_still_in_view_after_the_passage_is_not_a_second_try(house: OpenHouse) -> None:
    house.holds(house.code())
    house.sees(NOBODY, 1.0)
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 20.0)
    assert house.decisions == [Reason.GRANTED]


def test_fail__a_replayed_code_is_refused_also_after_a_restart(house: OpenHouse) -> None:
    text = house.code()
    house.holds(text)
    house.sees(NOBODY, 1.0)
    house.passes()
    for _ in range(2):
        house.holds(None)
        house.sees(NOBODY, 4.0)
        house.holds(text)
        house.sees(NOBODY, 4.0)
        house.restart()
        house.policy()
    assert house.told[1:] == [(Reason.FACTOR_REFUSED, "w1", USED_CODE)] * 2
    assert house.acts.count("pulse") == 1 and house.ways[1] == set()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda h: h.code(days=1), "the code is not valid before 2026-03-03 07:00 UTC"),
        (lambda h: h.code(days=-1), "the code expired at 2026-03-01 07:15 UTC"),
        (lambda h: h.code(site_id="site-9"), "the code is for site site-9"),
        (lambda h: h.code(key=FORGER), "the code is not signed by HQ's key"),
    ],
)
def test_fail__a_wrong_code_is_refused_and_recorded_once(house: OpenHouse, made: object, why: str) -> None:
    assert callable(made)
    house.holds(made(house))
    house.sees(NOBODY, 0.2)
    assert (house.indicator.history[-1].tone, house.shows) == (Tone.DESK, Advice.SEE_DESK)
    house.sees(NOBODY, 10.0)
    assert house.told == [(Reason.FACTOR_REFUSED, None, why)] and house.acts == []


def test_fail__a_film_of_forged_codes_does_not_fill_the_journal(house: OpenHouse) -> None:
    for _ in range(50):
        house.holds(house.code(key=FORGER))
        house.sees(NOBODY, 0.1)
    assert 2 <= len(house.decisions) <= 5 and house.acts == []


def test_ok__a_code_of_somebody_else_s_is_nothing(house: OpenHouse) -> None:
    house.holds("WIFI:S:SITE;T:WPA;P:SECRET;;")
    house.sees(NOBODY, 3.0)
    assert house.decisions == [] and house.indicator.history == []


def test_fail__a_code_for_nobody_on_the_roster(house: OpenHouse) -> None:
    house.holds(house.code(worker_id="w-gone"))
    house.sees(NOBODY, 2.0)
    assert house.told == [(Reason.UNKNOWN, None, "w-gone is not on the roster")]


def test_fail__a_code_does_not_help_a_worker_who_may_not_pass_and_is_not_used_up(house: OpenHouse) -> None:
    house.policy(active=False)
    text = house.code()
    house.holds(text)
    house.sees(NOBODY, 2.0)
    assert house.told == [(Reason.NOT_ACTIVE, "w1", "suspended")]
    house.policy()
    house.holds(None)
    house.sees(NOBODY, 4.0)
    house.holds(text)
    house.sees(NOBODY, 1.0)
    assert house.decisions == [Reason.NOT_ACTIVE, Reason.GRANTED]


def test_fail__another_person_s_code_is_refused_by_the_face(house: OpenHouse) -> None:
    house.policy((Factor.FACE, Factor.CODE), (Factor.GUARD,))
    house.sees(known(worker_id="w2"), 0.2)
    house.holds(house.code())
    house.sees(known(worker_id="w2"), 0.5)
    assert house.told[-1] == (Reason.FACTOR_REFUSED, None, "code: w1; face: w2")
    assert house.acts == []


# --- Cards and PINs ---


def test_ok__card_then_pin(house: OpenHouse) -> None:
    house.types(CARD)
    assert (house.decisions, house.shows) == ([], Advice.ENTER_PIN)
    house.types(PIN)
    assert house.told == [(Reason.GRANTED, "w1", "")] and house.ways == [set(CARD_AND_PIN)]
    assert house.acts == ["pulse"]


def test_ok__card_and_face_together(house: OpenHouse) -> None:
    house.policy((Factor.CARD, Factor.FACE), (Factor.GUARD,))
    house.types(CARD)
    assert (house.decisions, house.shows) == ([], Advice.LOOK_TOO)
    house.sees(known(), 0.3)
    assert house.decisions == [Reason.GRANTED] and house.ways == [{Factor.CARD, Factor.FACE}]


def test_ok__face_first_then_card(house: OpenHouse) -> None:
    house.policy((Factor.CARD, Factor.FACE), (Factor.GUARD,))
    house.sees(known(), 0.3)
    assert (house.decisions, house.shows) == ([Reason.SECOND_FACTOR], Advice.SHOW_CODE_OR_CARD)
    house.types(CARD)
    assert house.decisions[1:] == [Reason.GRANTED] and house.ways[1] == {Factor.CARD, Factor.FACE}


def test_ok__a_look_alike_shows_a_card_as_well(house: OpenHouse) -> None:
    alike = replace(known(), look_alike="w2")
    house.sees(alike, 0.3)
    house.types(CARD)
    assert house.decisions == [Reason.SECOND_FACTOR, Reason.GRANTED]


def test_ok__an_unknown_face_does_not_disturb_card_and_pin(house: OpenHouse) -> None:
    house.sees(unknown(), 0.3)
    house.types(CARD, seconds=6)
    assert house.shows is Advice.ENTER_PIN
    house.types(PIN)
    assert house.decisions == [Reason.UNKNOWN, Reason.GRANTED]


def test_ok__walking_through_after_card_and_pin_is_not_a_second_visit(house: OpenHouse) -> None:
    house.types(CARD, PIN)
    house.gate.report(GateSignal.PASSED)
    house.sees(known(approach=3), 1.0)
    assert house.decisions == [Reason.GRANTED]


def test_ok__the_next_card_while_the_gate_is_released_is_taken_up_after_it(house: OpenHouse) -> None:
    house.policy((Factor.CARD,))
    house.types(CARD, OTHER_CARD)
    assert house.decisions == [Reason.GRANTED]
    house.passes()
    assert [worker for _, worker, _ in house.told] == ["w1", "w2"]


def test_fail__a_card_without_its_pin_is_recorded_once_the_time_is_over(house: OpenHouse) -> None:
    house.types(CARD)
    house.sees(NOBODY, 30.0)
    assert [(reason, worker) for reason, worker, _ in house.told] == [(Reason.SECOND_FACTOR, "w1")]
    assert house.acts == [] and house.shows is None
    house.types(PIN)  # too late: a number that is no card's
    assert house.told[1:] == [(Reason.FACTOR_REFUSED, None, UNKNOWN_CARD)]


def test_fail__an_unknown_card_a_wrong_pin_a_worker_without_one(house: OpenHouse) -> None:
    house.types("5555555555", CARD, "1111", OTHER_CARD, PIN)
    refused = [(None, UNKNOWN_CARD), ("w1", WRONG_PIN), ("w2", "the worker has no PIN")]
    assert house.told == [(Reason.FACTOR_REFUSED, *who) for who in refused]
    assert house.acts == [] and house.shows is Advice.SEE_DESK


def test_fail__after_a_wrong_pin_the_card_is_needed_again(house: OpenHouse) -> None:
    house.types(CARD, "1111", PIN)
    assert [detail for *_, detail in house.told] == [WRONG_PIN, UNKNOWN_CARD]


def test_fail__one_worker_s_card_with_another_s_pin(house: OpenHouse) -> None:
    house.policy()
    workers = dict(house.lists.state.workers)
    workers["w2"] = replace(workers["w2"], pin=hash_pin_code("9090"))
    house.lists.state, house.lists.fresh = replace(house.lists.state, workers=workers), True
    house.types(OTHER_CARD, PIN)
    assert house.told == [(Reason.FACTOR_REFUSED, "w2", WRONG_PIN)]


def test_fail__ten_thousand_pin_guesses(house: OpenHouse) -> None:
    for guess in range(10_000):
        house.keypad.types(CARD)
        house.keypad.types(f"{guess:04d}")
        house.loop.step()
    looked_at = house.pin_code_check.asked
    notices = [e for e in house.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.TOO_MANY_GUESSES]
    # 10,000 turns are 500 s: three guesses, and one after each pause of 60, 120 and 240 s. Numbers typed while the card
    # is not looked at count as unknown cards, until the reader pauses as well.
    assert looked_at <= 6 and len(notices) <= 8
    assert len(house.events) <= 30 and Reason.GRANTED not in house.decisions and house.acts == []
    house.restart()
    house.policy()
    before = house.pin_code_check.asked
    house.types(CARD, PIN)
    assert house.pin_code_check.asked == before, "a restart must not give new guesses"
    assert house.loop.step()


def test_ok__after_the_pause_the_right_pin_opens_and_clears_the_count(house: OpenHouse) -> None:
    for _ in range(3):
        house.types(CARD, "0000")
    house.types(CARD)
    assert house.shows is Advice.SEE_DESK
    house.sees(NOBODY, 61)
    house.types(CARD, PIN)
    house.passes()
    assert house.decisions[-1] is Reason.GRANTED
    house.types(CARD, "0000", CARD, PIN)
    assert house.decisions[-2:] == [Reason.FACTOR_REFUSED, Reason.GRANTED]


def test_fail__numbers_typed_at_random_close_the_reader_and_not_the_codes(house: OpenHouse) -> None:
    house.types(*(f"{n:010d}" for n in range(200)), seconds=0.06)
    assert len(house.decisions) == 10 and house.notices == [NoticeCode.TOO_MANY_GUESSES]
    house.types(CARD)
    assert house.shows is Advice.SEE_DESK
    house.holds(house.code())
    house.sees(NOBODY, 0.5)
    assert house.decisions[-1] is Reason.GRANTED


def test_fail__nine_wrong_cards_at_a_time_are_noticed_and_close_the_reader(house: OpenHouse) -> None:
    for burst in range(40):
        house.types(*(f"{100 * burst + n:010d}" for n in range(9)), seconds=0.06)
        house.clock.advance(130)  # the burst is forgotten
    wrong = len(house.decisions)
    assert wrong <= 48, "40 at once, then one in half an hour"
    notices = [e.detail for e in house.events if isinstance(e, NoticeEvent)]
    assert "the reader: 41 wrong over hours or days" in notices[0] and len(notices) <= 8
    house.restart()
    house.policy()
    house.types("0000000001")
    assert len(house.decisions) == wrong, "a restart must not give new guesses"
    house.holds(house.code())
    house.sees(NOBODY, 0.5)
    assert house.decisions[-1] is Reason.GRANTED  # other ways in go on


def test_fail__two_pins_after_each_visit_of_the_owner_are_noticed(house: OpenHouse) -> None:
    for _ in range(12):
        house.types(CARD, PIN)
        house.passes()
        house.clock.advance(1800)
        house.types(CARD, "0000", CARD, "1111")
        house.clock.advance(1800)
    assert (
        sum(detail == WRONG_PIN for _, _, detail in house.told) <= 15
    )  # 10, and what fits in before the pause has doubled
    notices = [e.detail for e in house.events if isinstance(e, NoticeEvent)]
    assert any("worker w1: 11 wrong over hours or days" in detail for detail in notices) and len(notices) <= 4


def test_fail__forged_codes_shown_for_hours_are_told_and_no_longer_recorded(house: OpenHouse) -> None:
    forger = Ed25519PrivateKey.generate()
    for number in range(60):
        house.holds(house.code(forger, worker_id=f"x{number}"))
        house.sees(NOBODY, 0.2)
        house.clock.advance(2)
    assert len(house.decisions) <= 25
    notices = [e.detail for e in house.events if isinstance(e, NoticeEvent)]
    assert len(notices) == 1 and notices[0].startswith("codes: ")
    house.holds(house.code())
    house.sees(NOBODY, 0.5)
    assert house.decisions[-1] is Reason.GRANTED  # a genuine one is never held up


def test_ok__a_rush_hour_with_mistakes_closes_nothing(house: OpenHouse) -> None:
    for number in range(60):
        if number % 4 == 0:
            house.types("0000000009")
        house.types(CARD, PIN)
        house.passes()
        house.clock.advance(40)
    assert house.decisions.count(Reason.GRANTED) == 60 and house.notices == []


def test_ok__an_unplugged_reader_is_noticed_once_and_its_return_too(house: OpenHouse) -> None:
    house.sees(NOBODY, 0.5)
    house.keypad.now = ReaderStatus(False, "no such device")
    house.sees(NOBODY, 5)
    house.keypad.now = ReaderStatus(True, "test reader")
    house.sees(NOBODY, 5)
    assert house.notices == [NoticeCode.READER_LOST, NoticeCode.READER_BACK]


def test_ok__card_and_pin_work_without_a_camera_and_with_a_failing_matcher(house: OpenHouse) -> None:
    house.sees(NOBODY, 0.5)
    house.camera.ok = False
    house.sees(NOBODY, 1)
    assert house.shows is Advice.SHOW_CODE_OR_CARD
    house.types(CARD)
    assert house.shows is Advice.ENTER_PIN
    house.types(PIN)
    house.passes()
    house.camera.ok = True
    house.matcher.now = RuntimeError("matcher")
    house.types(CARD, PIN, seconds=0.06)
    assert house.decisions.count(Reason.GRANTED) == 2


def test_fail__nothing_is_let_in_while_fire_holds_the_gate_and_nothing_is_left_over(house: OpenHouse) -> None:
    house.gate.report(GateSignal.FIRE_ON)
    house.types(CARD, PIN)
    house.gate.report(GateSignal.FIRE_OFF)
    house.sees(NOBODY, 3)
    assert house.decisions == []


def test_ok__a_face_too_far_away_does_not_hide_what_is_asked_for(house: OpenHouse) -> None:
    house.matcher.now = Identification(quality.TOO_FAR, 1)
    house.types(CARD, seconds=2)
    assert (house.decisions, house.shows) == ([], Advice.ENTER_PIN)


def test_ok__the_reader_is_closed_with_the_loop(tmp_path: Path) -> None:
    house = OpenHouse(tmp_path)
    house.loop.close()
    assert house.keypad.closed


def test_ok__each_key_of_the_pad_is_answered_with_a_tone_and_with_nothing_else(house: OpenHouse) -> None:
    house.sees(NOBODY)
    before = list(house.indicator.history)
    for _ in range(3):
        house.keypad.pressed += 1
        house.sees(NOBODY)
    assert house.indicator.key_tones == 3
    assert house.indicator.history == before, "lights and words are as they were"
