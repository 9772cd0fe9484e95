"""What the gate adds to an event is said in the reader's language, or left to the technician."""

import re

import pytest
from screen_parts import MemoryJournal

from contract.codec import decode_event
from contract.messages import AccessEvent, Advice, Direction, Reason
from edge.core.decision.table import RULES
from edge.screen.journal.detail_words import detail_words, note_words
from edge.screen.journal.event_detail import event_detail, manager_detail
from edge.screen.journal.event_line import event_line
from edge.screen.translations import load_all
from edge.screen.words.details import Detail

TEXTS = load_all()
LISTS = {"roster": "花名册", "risk": "重点名单", "policy": "规则"}


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("valid until 2026-06-30", "有效期至 2026-06-30"),
        ("looks like w-7; the policy asks for no second factor", "与 w-7 相貌相似"),
        ("there is no risk list yet", "尚无重点名单"),
        ("roster version 41", "花名册，版本 41"),
        ("38.1 °C, at most 37.3 °C", "38.1 °C，上限 37.3 °C"),
        ("41 inside by the passages of all gates, at most 40", "场内 41 人，上限 40 人"),
        ("by anna: 访客 {by} %s", "anna：访客 {by} %s"),
        ("lock_down by anna at the desk", "由 anna 封锁"),
        ("release_lock_down: by anna: that lock-down is over; look again", "那次封锁已解除，请重新查看"),
    ],
)
def test_ok__known_details_are_translated_and_what_people_typed_stays(detail: str, said: str) -> None:
    assert detail_words(detail, TEXTS["zh"].room("details"), LISTS) == said


@pytest.mark.parametrize("detail", ["", "Errno 5", "valid until tomorrow", "shown: face; asked for: code", "x" * 500])
def test_fail__an_unknown_detail_has_no_words(detail: str) -> None:
    assert detail_words(detail, TEXTS["zh"].room("details"), LISTS) is None


@pytest.mark.parametrize("code", TEXTS)
def test_ok__each_rule_of_the_gate_has_a_name_in_each_language(code: str) -> None:
    names = {"rule_" + re.sub(r"[^a-z0-9]+", "_", rule.name).strip("_") for rule in RULES}
    assert names == {word for word in Detail if word.startswith("rule_")} <= set(TEXTS[code].room("details"))


def test_fail__a_note_never_names_the_risk_list() -> None:
    for texts in TEXTS.values():
        said = note_words("risk list: key-screening: admit_and_alert", texts.room("details"), LISTS)
        assert "key-screening" not in said and "alert" not in said


def event(reason: Reason, detail: str, **more: object) -> AccessEvent:
    journal = MemoryJournal()
    fields = {"granted": False, "advice": Advice.SEE_DESK, "direction": Direction.IN, "worker_id": "w-1"} | more
    found = decode_event(journal.add(AccessEvent, reason=reason, detail=detail, **fields).body)
    assert isinstance(found, AccessEvent)
    return found


def test_fail__a_guard_who_asked_is_not_told_the_list_that_denies() -> None:
    denied = event(Reason.RISK_HOLD, "by anna: my friend; key-screening: deny", by="anna", origin="desk")
    for texts in TEXTS.values():
        assert "key-screening" not in repr(event_line(denied, texts))


def test_ok__a_guards_words_stay_and_what_the_gate_found_is_translated() -> None:
    refused = event(Reason.TRAINING_LAPSED, "by anna: 他要; 快点; valid until 2026-06-30", by="anna", origin="desk")
    assert event_detail(refused, TEXTS["zh"]) == "他要; 快点; 有效期至 2026-06-30"


def test_ok__what_has_no_words_is_shown_in_the_gates_language_alone() -> None:
    strange = event(Reason.SECOND_FACTOR, "shown: face; asked for: code")
    assert event_detail(strange, TEXTS["en"]) == "shown: face; asked for: code"
    assert event_detail(strange, TEXTS["zh"]) == ""


def test_ok__a_note_says_what_the_rule_found() -> None:
    note = "training: valid until 2026-06-30"
    assert note_words(note, TEXTS["zh"].room("details"), LISTS) == "培训: 有效期至 2026-06-30"
    assert note_words("a rule to come: so it is", TEXTS["en"].room("details"), LISTS) == "a rule to come"


def test_ok__a_manager_reads_the_lists_and_what_they_do_in_the_own_language() -> None:
    held = event(Reason.RISK_HOLD, "key-screening: hold, old: list: deny")
    noted = event(Reason.GRANTED, "", granted=True, alerts=("risk list: key-screening: hold; admitted by a guard",))
    assert manager_detail(held, TEXTS["zh"]) == "key-screening: 由门卫询问, old: list: 拒绝，门卫也不得放行"
    assert manager_detail(noted, TEXTS["zh"]) == "key-screening: 由门卫询问"
    assert manager_detail(noted, TEXTS["en"]) == "key-screening: asks a guard"
    assert manager_detail(event(Reason.UNKNOWN, "nobody on the roster"), TEXTS["zh"]) == ""
