"""What people at HQ ask and order: gates in 80 columns, gaps that are known, searches, refusals, who is inside."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len
from sqlalchemy import event
from sync_rig import open_ingest
from typer.testing import CliRunner

from common.terminal.console import Console
from contract.chain import GENESIS, link
from contract.messages import (
    AccessEvent,
    Advice,
    Direction,
    Event,
    EventBatch,
    EventRecord,
    GateStatus,
    Health,
    ListKind,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from hq.cli import app
from hq.commands import overview
from hq.commands.times import typed_time
from hq.database.event_search import GRANTING, EventFilter, newest_found, refusals
from hq.database.gate_reports import set_health, set_status
from hq.database.sites import add_sites
from hq.database.store import Store
from hq.database.watched_events import command_answers, gate_notices
from hq.keys import keys
from hq.lists.presence_projection import PresenceProjection
from hq.lists.publisher import Publisher
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import RiskRecord
from hq.registry.risks import RiskRegistry
from hq.reports import listed_events, report
from hq.reports.gate_lines import GateLine, GateProblem, gate_lines
from hq.reports.managers import TODO, inside
from hq.reports.registration_states import RegistrationState
from hq.reports.report import GateOverview
from hq.service.changed_lists import ChangedLists
from hq.service.publishing import Publishing

NOW = datetime.now(UTC)
runner = CliRunner()


class World:
    """HQ's folder, and gates whose events it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        keys.init(folder, ("site-1", "site-2"), 1883)
        settings = folder / "hq.toml"
        settings.write_text(settings.read_text().replace("[gates]", "[gates]\ntake_unsigned_until = 2999-01-01", 1))
        self.keys = keys.load(folder)
        self.store = Store(f"sqlite:///{folder}/hq.db", self.keys)
        with self.store.write("sites") as db:
            add_sites(db, ("site-1", "site-2"), "test", NOW)
        self._ends: dict[str, tuple[int, str]] = {}

    def add(
        self, kind: type[Event], gate: str = "gate-1", site: str = "site-1", at: datetime = NOW, **fields: Any
    ) -> None:
        seq, before = self._ends.get(gate, (0, GENESIS))
        made = kind(
            gate_id=gate, site_id=site, epoch=f"e-{gate}", seq=seq + 1, boot_id="b", utc=at, monotonic_ms=seq,
            clock_trusted=True, **fields,
        )  # fmt: skip
        body = made.model_dump_json(exclude_none=True)
        record = EventRecord(seq=seq + 1, prev_hash=before, hash=link(before, body), body=body)
        batch = EventBatch(site_id=site, gate_id=gate, epoch=f"e-{gate}", records=(record,))
        open_ingest(self.store, self.keys).take(batch)
        self._ends[gate] = seq + 1, record.hash

    def access(self, reason: Reason, worker: str | None, **more: Any) -> None:
        fields = {"granted": reason in GRANTING, "advice": Advice.WAIT, "direction": Direction.IN, "worker_id": worker}
        self.add(AccessEvent, reason=reason, **fields, **more)

    def passage(self, worker: str | None, direction: Direction, **more: Any) -> None:
        self.add(
            PassageEvent, **{"outcome": PassageOutcome.PASSED, "direction": direction, "worker_id": worker, **more}
        )

    def says(self, *words: object, code: int = 0) -> str:
        done = runner.invoke(app, [*map(str, words), "-d", str(self.folder)])
        assert done.exit_code == code, done.output
        return done.output


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "hq")
    with closing(made.store):
        yield made


def health(**fields: Any) -> Health:
    given = {"gate_id": "gate-1", "site_id": "site-1", "utc": NOW, "unsent_events": 0, "camera_ok": True}
    return Health.model_validate({"clock_trusted": True, "gate_state": "locked", **given, **fields})


def overview_of(row: GateOverview, *, locked: bool = False, taken: bool = True) -> GateLine:
    known = {row.gate_id: RegistrationState(row.site_id, row.gate_id, taken, "not registered: waits")}
    (line,) = gate_lines([row], known, [], {row.site_id} if locked else set(), NOW, lambda at: f"{at:%H:%M}")
    return line


ONLINE = GateOverview(
    "site-1", "gate-1", GateStatus(gate_id="gate-1", site_id="site-1", online=True, roster_version=7), NOW, health(), NOW, 3,
    state="locked", state_utc=NOW,
)  # fmt: skip


def test_ok__gates_say_what_is_wrong_and_nothing_else() -> None:
    assert overview_of(ONLINE) == GateLine("site-1", "gate-1", "locked", "7/0/0", ())
    gone = replace(
        ONLINE,
        status=GateStatus(gate_id="gate-1", site_id="site-1", online=False),
        state="lockdown",
        state_since_utc=NOW - timedelta(hours=1),
        locked_down_utc=NOW - timedelta(hours=1),
    )
    line = overview_of(gone, locked=True)
    assert line.state == "lost"
    told = [problem.text for problem in line.problems]
    hour_ago = f"{NOW - timedelta(hours=1):%H:%M}"
    assert told[0] == f"lost since {NOW:%H:%M}; last known: lockdown at {NOW:%H:%M}, since {hour_ago}"
    assert told[1] == f"locked down since {hour_ago}, with its site"
    silent = overview_of(replace(ONLINE, health=health(gate_state=""), losses=2))
    assert [problem.text.split(",")[0].split(":")[0] for problem in silent.problems] == [
        "gate process silent",
        "events were lost",
    ]
    stale = overview_of(
        replace(ONLINE, health=health(lists_refused=(ListKind.RISK,)), losses=1, loss_acknowledged=True)
    )
    assert [problem.text for problem in stale.problems] == ["admits nobody on older lists: risk"]
    assert overview_of(ONLINE, locked=True).problems[0].text.startswith("its site is locked down and it is not")
    assert overview_of(ONLINE, taken=False).problems[0].text == "not registered: waits"


def test_ok__gates_fit_80_columns_with_long_ids_and_chinese_names(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(overview, "out", Console(file=written, width=80, soft_wrap=True))
    long = "gate-" + "x" * 59
    lines = [
        GateLine("site-" + "y" * 59, long, "locked down", "1000001/1000002/3", (GateProblem(1, "lost " * 30),)),
        GateLine("北京大兴国际机场工地", "一号门", "locked", "", (GateProblem(5, "读卡器" * 30),)),
    ]
    overview._print_lines(lines)
    printed = written.getvalue()
    assert max(map(cell_len, printed.splitlines())) <= 80
    together = re.sub(r"[\s│┃]", "", printed)
    assert together.count("x") == 59
    assert "1000001/1000002/3" in printed
    assert together.count("读卡器") + together.count("读") >= 30


def test_ok__gates_put_those_first_that_need_somebody(world: World) -> None:
    for gate, online in (("gate-1", True), ("gate-2", False)):
        set_status(world.store, GateStatus(gate_id=gate, site_id="site-1", online=online))
        set_health(world.store, health(gate_id=gate, gate_state="lockdown"))
    set_health(world.store, health(gate_id="gate-2", gate_state=""))  # its process was killed before it was lost
    world.add(NoticeEvent, "gate-1", code=NoticeCode.EVENTS_LOST, detail="3")
    told = world.says("gates")
    assert told.index("gate-2") < told.index("gate-1")
    assert "lockdown" in told
    (first, second) = json.loads(world.says("gates", "--json"))
    assert (first["gate_id"], first["losses"], first["state"]) == ("gate-1", 1, "lockdown")
    assert second["state"] == "lockdown"
    assert second["health"]["gate_state"] == ""
    assert {"site_id", "gate_id", "events", "status", "status_utc", "health", "health_utc", "standing"} <= first.keys()
    assert "disk MB" in world.says("gates", "--wide")


def test_ok__a_gap_is_acknowledged_until_it_grows(world: World) -> None:
    set_status(world.store, GateStatus(gate_id="gate-1", site_id="site-1", online=True))
    set_health(world.store, health())
    world.add(NoticeEvent, code=NoticeCode.EVENTS_LOST, detail="3 of them")
    (gap,) = json.loads(world.says("gaps", "--json", code=2))
    assert (gap["kind"], gap["acknowledged"]) == ("lost", None)
    assert "gaps shows them" in str(
        runner.invoke(app, ["gaps", "acknowledge", "zz", "--by", "m", "--why", "w", "-d", str(world.folder)]).output
    )
    world.says("gaps", "acknowledge", gap["id"][:6], "--by", "张三", "--why", "old card, in the safe")
    told = world.says("gaps")
    assert "no gaps but the acknowledged ones" in told
    assert "张三" in told
    (gap,) = json.loads(world.says("gaps", "--json"))
    assert gap["acknowledged"]["why"] == "old card, in the safe"
    assert "events were lost" not in world.says("gates")
    world.add(NoticeEvent, code=NoticeCode.EVENTS_LOST, detail="again")
    assert "reported lost events 2 times" in world.says("gaps", code=2)


def test_ok__events_are_found_by_worker_place_reason_time_and_direction(world: World) -> None:
    long_ago = NOW - timedelta(days=30)
    world.access(Reason.GRANTED, "w-1", at=long_ago)
    world.passage("w-1", Direction.OUT, gate="gate-2", at=NOW - timedelta(hours=2))
    world.access(Reason.TRAINING_LAPSED, "w-1")
    world.access(Reason.GRANTED, "w-2", gate="gate-9", site="site-2")
    world.add(NoticeEvent, code=NoticeCode.TAMPER, detail='she said "direction":"in"')

    def found(*words: object) -> list[tuple[str, str]]:
        told = world.says("events", "--json", *words)
        rows = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
        return [(row["gate_id"], row["reason"]) for row in rows]

    assert found("--worker", "w-1", "--since", "3h") == [("gate-2", "passed"), ("gate-1", "training_lapsed")]
    assert found("--worker", "w-1", "--until", "yesterday") == [("gate-1", "granted")]
    assert found("--site", "site-2") == [("gate-9", "granted")]
    assert found("--direction", "out") == [("gate-2", "passed")]
    assert found("--reason", "training-lapsed") == [("gate-1", "training_lapsed")]
    assert found("--gate", "gate-1", "--direction", "in") == [("gate-1", "granted"), ("gate-1", "training_lapsed")]
    assert found("--gate", "gate-1", "--limit", 1) == [("gate-1", "tamper")]
    assert found("--gate", "gate-2", "--since", "1h") == []
    (line,) = world.says("events", "--worker", "w-2").splitlines()
    assert "site-2/gate-9" in line
    assert re.search(r"[+-]\d{4}  site-2/gate-9 +1  in ", line)
    after = listed_events.events(world.store, EventFilter(gate_id="gate-1"), after_id=3)
    assert [row.reason for row in after] == ["tamper"]


def test_ok__refusals_by_reason_with_what_to_do_and_names(world: World) -> None:
    workers = (WrittenWorker(worker_id="w-1", sites=("site-1",), employer="Umbra Bau", name="李小龙"),)
    PeopleRegistry(world.store, world.keys).take(ImportFile(workers=workers))
    for _ in range(3):
        world.access(Reason.TRAINING_LAPSED, "w-1")
    world.access(Reason.TRAINING_LAPSED, "w-2")
    world.access(Reason.UNKNOWN, None)
    world.access(Reason.GRANTED, "w-3")
    world.access(Reason.PASSBACK, "w-4", at=NOW - timedelta(days=3))
    told = world.says("refused", "--since", "3h")
    assert told.index("training_lapsed: 4 times, 2 people") < told.index("unknown: once")
    assert "import the new date" in told
    assert "w-3" not in told
    assert "passback" not in told
    rows_ = json.loads(world.says("refused", "--since", "3h", "--json"))
    assert {(row["worker_id"], row["times"]) for row in rows_} == {("w-1", 3), ("w-2", 1), (None, 1)}
    assert "w-1 (李小龙, Umbra Bau), 3 times" in world.says("refused", "--names")
    assert "nobody" in world.says("refused", "--site", "site-2")


def test_ok__every_reason_that_refuses_says_what_to_do() -> None:
    assert set(TODO) == set(Reason) - set(GRANTING)


def test_ok__who_is_inside_over_all_gates_of_a_site(world: World) -> None:
    def at(hours: float) -> datetime:
        return NOW - timedelta(hours=hours)

    world.passage("w-1", Direction.IN, at=at(5))
    world.passage("w-2", Direction.IN, at=at(4))
    world.passage("w-1", Direction.OUT, gate="gate-2", at=at(3))
    world.passage("w-3", Direction.IN, outcome=PassageOutcome.NOT_TAKEN, at=at(2))
    world.passage(None, Direction.IN, at=at(2))
    world.passage(None, Direction.IN, at=at(1))
    world.passage(None, Direction.OUT, at=at(1))
    world.passage("w-9", Direction.IN, gate="gate-9", site="site-2", at=at(1))
    assert PresenceProjection(world.store).follow() == {"site-1", "site-2"}
    found = inside(world.store, "site-1", at(24))
    assert [(one.worker_id, one.gate_id, one.count) for one in found] == [("w-2", "gate-1", 1), (None, "gate-1", 1)]
    assert "2 inside site-1" in world.says("inside", "site-1")
    assert "0 inside site-1" in world.says("inside", "site-1", "--hours", 0.5)
    assert json.loads(world.says("inside", "site-2", "--json"))[0]["worker_id"] == "w-9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3h", NOW - timedelta(hours=3)),
        ("2026-11-28T08:00:00+08:00", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-11-28T08:00Z", datetime(2026, 11, 28, 8, tzinfo=UTC)),
    ],
)
def test_ok__times_as_people_write_them(text: str, expected: datetime) -> None:
    assert typed_time(text, "--since", NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "99999d", "2026-13-01", "0001-01-01", "8"])
def test_fail__no_time_says_how_to_write_one(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time: write today, yesterday"):
        typed_time(text, "--since", NOW)


def plans(store: Store, ask: Any) -> list[str]:
    """How SQLite answers the queries that `ask` makes."""
    asked: list[tuple[str, Any]] = []

    def note(db: Any, cursor: Any, statement: str, values: Any, context: Any, many: Any) -> None:
        asked.append((statement, values))

    event.listen(store.engine, "before_cursor_execute", note)
    with store.read() as db:
        ask(db)
    event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as db:
        raw = db.connection.cursor()
        return [
            str(row[3])
            for statement, values in asked
            if statement.lstrip().startswith("SELECT")
            for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        ]


DAY = NOW - timedelta(days=1)
SEARCHES: dict[str, Any] = {
    "worker": EventFilter(worker_id="w-1"),
    "site": EventFilter(site_id="site-1"),
    "gate": EventFilter(gate_id="gate-1"),
    "a day": EventFilter(since=DAY),
    "gate and day": EventFilter(gate_id="gate-1", since=DAY, direction=Direction.IN),
    "reason and day": EventFilter(reason="passback", since=DAY),
}


def test_ok__no_search_reads_all_events(world: World) -> None:
    """With an index for each: what ten million events need."""
    world.access(Reason.GRANTED, "w-1")
    asked = [(name, lambda db, f=found: newest_found(db, ["id"], f, 20)) for name, found in SEARCHES.items()]
    asked += [
        ("refused", lambda db: refusals(db, EventFilter(since=DAY), 100)),
        ("refused at a site", lambda db: refusals(db, EventFilter(site_id="site-1", since=DAY), 100)),
        ("what came of a command", lambda db: command_answers(db, "gate-1", "abc", 0)),
        ("notices of all gates", lambda db: gate_notices(db)),
    ]
    for name, ask in asked:
        steps = [step for step in plans(world.store, ask) if re.search(r"\bevents\b", step)]
        assert steps, name
        full = [s for s in steps if s.startswith("SCAN") and "ix_events_watched" not in s]
        assert full == [], f"{name}: {steps}"


def test_ok__an_overview_counts_no_events(world: World) -> None:
    world.access(Reason.GRANTED, "w-1")
    assert report.gates(world.store) == []
    set_status(world.store, GateStatus(gate_id="gate-1", site_id="site-1", online=True))
    assert report.gates(world.store)[0].events == 1


def test_ok__a_risk_list_waits_for_no_other_change(world: World) -> None:
    """However long `lists.publish_after_s` is."""
    people = PeopleRegistry(world.store, world.keys)
    people.take(ImportFile(workers=(WrittenWorker(worker_id="w-1", sites=("site-1",)),)))
    RiskRegistry(world.store, world.keys).add([RiskRecord(worker_id="w-1")], by="manager-7")
    publisher = Publisher(world.store, people, world.keys)
    ChangedLists(world.store, publisher, Publishing(publisher), pause_s=3600).due()
    assert publisher.newest_versions().keys() == {("site-1", ListKind.RISK)}
