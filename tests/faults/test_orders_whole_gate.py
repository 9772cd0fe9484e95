"""HQ's orders and the numbers of every process, on a whole gate: broker, HQ, and the three processes."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from contract.messages import NoticeCode, NoticeEvent
from edge.core.config import MatcherConfig
from edge.matcher import open_matcher
from edge.tools.demo.cast import portraits
from edge.tools.demo.play import Follower
from edge.tools.demo.stage import DemoStage


@pytest.fixture
def stage(tmp_path: Path, models_dir: Path, photos_dir: Path) -> Iterator[DemoStage]:
    with DemoStage(tmp_path / "stage", models_dir, repeat=True) as made:
        made.init()
        made.start_hq()
        matcher = open_matcher(MatcherConfig(), models_dir)
        cast = portraits(photos_dir, matcher)
        made.publish(cast, matcher)
        made.start_gate(cast)
        made.finish()
        yield made


@pytest.mark.long
def test_ok__a_reboot_by_order_starts_the_gate_process_anew_once(stage: DemoStage) -> None:
    followed = Follower(stage)
    followed.until(followed.ready, 60, "not ready")
    names = {"sitegate_gate_step_seconds", "sitegate_sync_queue_events", "sitegate_screen_process_cpu_seconds"}
    followed.until(lambda: names <= _families(stage), 60, "the numbers of all three processes")
    gate_id = stage.config().site.gate_id
    stage.hq("command", gate_id, "reboot", "--why", "camera hangs", "--by", "manager-7")
    followed.until(lambda: _starts(followed) == 2, 60, "the gate process did not start anew")
    stage.hq("command", gate_id, "resync", "--why", "test", "--by", "manager-7")
    done = lambda: [n.detail.split(": ", 1)[1] for n in _notices(followed, NoticeCode.COMMAND_DONE)]  # noqa: E731
    followed.until(lambda: len(done()) == 2, 60, "the second order")
    assert done() == ["reboot by manager-7: camera hangs", "resync by manager-7: test"]
    assert _starts(followed) == 2


def _families(stage: DemoStage) -> set[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{stage.config().screen.port}/metrics", timeout=10) as answer:
        return {family.name for family in text_string_to_metric_families(answer.read().decode())}


def _notices(followed: Follower, code: NoticeCode) -> list[NoticeEvent]:
    return [e for e in followed.events if isinstance(e, NoticeEvent) and e.code is code]


def _starts(followed: Follower) -> int:
    return len(_notices(followed, NoticeCode.GATE_STARTED))
