"""The demonstration itself: the main job, end to end, as `scripts/demo` runs it; and that it can fail."""

import contextlib
import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from command_rig import Command

from contract.messages import AccessEvent, Advice, AnyEvent, Direction, Reason
from edge.core.config import GateConfig, SiteConfig
from edge.sim import ManualClock
from edge.storage.journal import Journal
from edge.tools.demo import verdict
from edge.tools.demo.cast import ACTS
from edge.tools.demo.show import LANE

PARTS = [
    pytest.param((), ("The district's February, as promised?",), id="gate and district"),
    pytest.param(("--gate-only",), (), id="the gate", marks=pytest.mark.long),
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("options", "tables"), PARTS)
def test_ok__the_demo_keeps_every_promise_and_goes_on_until_ctrl_c(
    tmp_path: Path, models_dir: Path, photos_dir: Path, options: tuple[str, ...], tables: tuple[str, ...]
) -> None:
    demo = Command(tmp_path, (sys.executable, "-m", "edge", "demo", "--keep", *options, "--dir", "demo"), terminal=True)
    with contextlib.closing(demo):
        demo.until_said("Ctrl-C ends it", within_s=600)
        said = " ".join(demo.said().replace("│", " ").split())
        address = re.search(r"Its pages: (http://127\.0\.0\.1:\d+)/", said)
        password = re.search(r"the password of each is (\w+)", said)
        assert address and password, said
        form = urlencode({"name": "manager", "password": password[1], "back": ""}).encode()
        with urlopen(f"{address[1]}/sign-in", form) as page:
            assert page.status == 200
        os.write(demo.terminal, b"\x03")
        code, said = demo.ended(), " ".join(demo.said().replace("│", " ").split())
    assert code == 0, demo.said()
    for text in ("all as promised", "chain verified", *tables):
        assert text in said


@pytest.fixture
def events(tmp_path: Path) -> list[AnyEvent]:
    """What a gate would have journalled if every act went as promised."""
    journal = Journal(tmp_path / "journal.db", SiteConfig(), ManualClock())
    made: list[AnyEvent] = [
        journal.append(
            AccessEvent,
            reason=act.reason,
            granted=act.reason is Reason.GRANTED,
            advice=act.advice,
            direction=Direction.IN,
            worker_id=act.worker_id,
        )
        for act in ACTS
    ]
    journal.close()
    return made


def test_ok__as_promised(events: list[AnyEvent]) -> None:
    assert all(line.ok for line in verdict.acts(events))


def test_fail__a_wrong_a_missing_and_a_surplus_decision_are_all_seen(events: list[AnyEvent]) -> None:
    first = events[0]
    assert isinstance(first, AccessEvent)
    wrong = first.model_copy(update={"worker_id": "worker-b"})
    assert [line.ok for line in verdict.acts([wrong, *events[1:]])].count(False) == 1
    assert not verdict.acts(events[:-1])[-1].ok
    surplus = first.model_copy(update={"reason": Reason.NO_DECISION, "advice": Advice.SEE_DESK})
    assert not verdict.acts([*events, surplus])[-1].ok


@pytest.mark.parametrize(
    ("levels", "ok"),
    [
        ([(0.0, 1, 0), (1.0, 1, 1), (1.4, 1, 0)], True),
        ([(0.0, 1, 0), (1.0, 1, 1), (4.4, 1, 0)], False),  # too long
        ([(0.0, 1, 0), (1.0, 1, 1)], False),  # left released
        ([(0.0, 1, 1), (1.4, 1, 0)], False),  # released at start
        ([(0.0, 1, 0)], False),  # granted, but never released
        ([(0.0, 1, 0), (1.0, 1, 1), (1.4, 1, 0), (2.0, 1, 1), (2.4, 1, 0)], False),  # once too often
        ([(0.0, 1, 0), (1.0, 1, 1), (2.0, 2, 0), (3.0, 2, 1), (3.4, 2, 0)], True),  # killed, then a second life
    ],
)
def test_ok__the_pin_history_is_judged(
    tmp_path: Path, events: list[AnyEvent], levels: list[tuple[float, int, int]], ok: bool
) -> None:
    history = tmp_path / "pins.jsonl"
    lines = [
        {"monotonic_s": at, "pid": pid, "pin": "GPIO17", "function": "output", "level": level}
        for at, pid, level in levels
    ]
    history.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert verdict.pins(history, GateConfig(), events).ok == ok


def test_ok__the_demo_has_words_for_every_next_step() -> None:
    assert set(LANE) == set(Advice)
