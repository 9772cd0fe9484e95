"""The muster list: names by team for those who are signed in, and red words where it may be wrong."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from screen_parts import NOW, MemoryJournal

from contract.messages import Direction, DirectoryEntry, PassageEvent, PassageOutcome
from edge.app.screen import newest_muster
from edge.core.config import Config
from edge.core.domain import MusterList, MusterPerson
from edge.replica.summary import ReplicaSummary
from edge.screen.access.passwords import hash_password
from edge.screen.app import ScreenSources, create_app
from edge.screen.journal.totals import JournalTotals
from edge.screen.office.inside import Scope, presence_now
from edge.screen.office.muster import MusterView, NoNames, muster_view
from edge.screen.translations import load_all
from edge.storage.desk_store import DeskStore

EN = load_all()["en"]
NAMES = NoNames(
    version=3,
    issued_utc=NOW,
    entries={
        "w-1": DirectoryEntry(worker_id="w-1", name="Wang Xiulan", team="North", trade="welder", phone="+86 138"),
        "w-2": DirectoryEntry(worker_id="w-2", name="Li Na", team="Crane", employer="Umbra Bau"),
    },
)


def muster(*workers: str, issued: datetime | None = NOW, unnamed: int = 0) -> MusterList:
    people = tuple(MusterPerson(worker_id=who, utc=NOW - timedelta(hours=1), gate_id="gate-2") for who in workers)
    return MusterList(utc=NOW, issued_utc=issued, unnamed=unnamed, people=people)


def view(found: MusterList | None, names: NoNames = NAMES, totals: JournalTotals | None = None) -> MusterView:
    return muster_view(found, totals or JournalTotals(), names, EN, NOW)


def test_ok__people_stand_by_team_and_name_and_the_unknown_are_counted() -> None:
    made = view(muster("w-1", "w-2", "w-3", unnamed=2))
    assert [(team.name, [row.name or row.worker_id for row in team.rows]) for team in made.teams] == [
        ("Crane", ["Li Na"]),
        ("North", ["Wang Xiulan"]),
        ("", ["w-3"]),
    ]
    assert (made.total, made.warnings, made.age) == (5, (), "0 s")
    assert made.teams[1].rows[0].phone == "+86 138"


def test_ok__what_may_be_wrong_is_said_in_red() -> None:
    old = view(muster("w-1", issued=NOW - timedelta(minutes=12)))
    assert [warning for warning in old.warnings if "12 min" in warning]
    assert "This gate only" in view(muster("w-1", issued=None)).warnings[0]
    assert "No names" in view(muster("w-1"), NoNames()).warnings[0]
    stale = NoNames(version=3, issued_utc=NOW - timedelta(days=3), entries=NAMES.entries)
    assert "3 days" in view(muster("w-1"), stale).warnings[0]


def test_ok__without_the_gate_process_its_journal_tells_who_is_inside() -> None:
    journal, totals = MemoryJournal(), JournalTotals("e1")
    journal.add(PassageEvent, outcome=PassageOutcome.PASSED, direction=Direction.IN, worker_id="w-2")
    totals.add(journal.kept)
    made = view(None, totals=totals)
    assert ([row.name for row in made.teams[0].rows], len(made.warnings)) == (["Li Na"], 1)


def test_ok__the_office_counts_by_all_gates_or_by_this_gate_only() -> None:
    journal, totals = MemoryJournal(), JournalTotals("e1")
    journal.add(PassageEvent, outcome=PassageOutcome.PASSED, direction=Direction.IN, worker_id="w-2")
    totals.add(journal.kept)

    def counted(found: MusterList | None) -> tuple[int, Scope]:
        presence = presence_now(found, totals, NOW)
        return presence.total, presence.scope

    assert counted(muster("w-1", "w-2", unnamed=1)) == (3, Scope.ALL_GATES)
    assert counted(muster("w-1", "w-2", issued=NOW - timedelta(minutes=5))) == (1, Scope.THIS_GATE)
    assert counted(None) == (1, Scope.THIS_GATE)


def test_ok__a_damaged_or_missing_file_is_none(tmp_path: Path) -> None:
    read = newest_muster([tmp_path / "a.json", tmp_path / "b.json"])
    assert read() is None
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text(muster("w-1").model_dump_json())
    found = read()
    assert found is not None
    assert found.people[0].worker_id == "w-1"
    assert read() is found, "not read again"
    new = tmp_path / "new"
    new.write_text(muster("w-2").model_dump_json())
    new.replace(tmp_path / "b.json")
    assert (after := read()) is not None and after.people[0].worker_id == "w-2"


def test_fail__nobody_sees_names_without_signing_in(tmp_path: Path) -> None:
    desk = DeskStore(tmp_path / "desk.db")
    desk.set_password("anna", hash_password("correct horse battery"), by="test")
    app = create_app(
        ScreenSources(
            MemoryJournal(),
            ReplicaSummary,
            desk=desk,
            metrics=(),
            muster=lambda: muster("w-1"),
            directory=lambda: NAMES,
        ),
        Config(),
    )

    async def visit() -> tuple[str, str, str, str]:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="https://localhost") as browser,
        ):
            others = "".join(
                [(await browser.get(path)).text for path in ("/", "/technician", "/lane", "/metrics", "/guard")]
            )
            refused = (await browser.get("/muster")).text
            await browser.post("/sign-in", data={"name": "anna", "password": "correct horse battery"})
            english = (await browser.get("/muster?lang=en")).text
            return others, refused, english, (await browser.get("/muster?lang=zh")).text

    others, refused, english, chinese = asyncio.run(visit())
    desk.close()
    assert "Wang" not in others + refused
    assert "Wang Xiulan" in english
    assert "Muster list" in english
    assert "点名册" in chinese
