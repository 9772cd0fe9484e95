"""The index of people: found by name, pinyin and number, joined with standings and muster list."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from contract.messages import DirectoryEntry
from edge.core.domain import MusterList, MusterPerson, SiteStandings, WorkerStanding
from edge.screen.people.index import PeopleIndex

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PEOPLE = {
    "w-1042": ("张三", "13800001111"),
    "w-1043": ("张三丰", "+86 139 0000 2222"),
    "w-0877": ("欧阳小明", ""),
    "w-1101": ("单雄信", ""),
    "w-0991": ("Ann Example", ""),
    "w-1188": ("阿卜杜·热合曼", ""),
}


@dataclass
class Names:
    version: int = 1
    issued_utc: datetime | None = NOW
    entries: dict[str, DirectoryEntry] = field(default_factory=dict)


def directory() -> Names:
    return Names(
        entries={
            who: DirectoryEntry(worker_id=who, name=name, phone=phone, employer="North Build", team="Steel 2")
            for who, (name, phone) in PEOPLE.items()
        }
    )


def standings(*ids: str) -> SiteStandings:
    workers = tuple(WorkerStanding(worker_id=who, here=True, employer="B") for who in ids)
    return SiteStandings(utc=NOW, site_id="site-1", workers=workers)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("张三", ["w-1042", "w-1043"]),
        ("三丰", ["w-1043"]),
        ("zhangsan", ["w-1042", "w-1043"]),
        ("Zhang San Feng", ["w-1043"]),
        ("zsf", ["w-1043"]),
        ("ouyang", ["w-0877"]),
        ("oyxm", ["w-0877"]),
        ("shan", ["w-1101"]),
        ("ANN", ["w-0991"]),
        ("ａｎｎ", ["w-0991"]),
        ("example", ["w-0991"]),
        ("1042", ["w-1042"]),
        ("w-1042", ["w-1042"]),
        ("W-10", ["w-1042", "w-1043"]),
        ("2222", ["w-1043"]),
        ("rehe", ["w-1188"]),
        ("nobody", []),
        ("", []),
        ("  ", []),
        ("张" * 200, []),
        ("%", []),
        ("<script>", []),
    ],
)
def test_ok__found_by_name_pinyin_and_number(text: str, found: list[str]) -> None:
    index = PeopleIndex(directory)
    answer = index.search(text)
    assert [one.worker_id for one in answer.people] == found and answer.total == len(found)


def test_ok__many_are_counted_and_the_best_are_shown() -> None:
    names = Names(entries={f"w-{n}": DirectoryEntry(worker_id=f"w-{n}", name=f"王{n}") for n in range(50)})
    index = PeopleIndex(lambda: names)
    answer = index.search("王", limit=5)
    assert (len(answer.people), answer.total) == (5, 50) and len(index.ids("wang")) == 50
    assert index.search("王7").people[0].worker_id == "w-7", "the whole name comes first"


def test_ok__directory_standings_and_muster_are_joined_and_followed() -> None:
    names, lists = directory(), standings("w-1042", "w-new")
    muster = MusterList(utc=NOW, people=(MusterPerson(worker_id="w-1042", utc=NOW, gate_id="north"),))
    here: list[object] = [names, lists, muster]
    index = PeopleIndex(lambda: here[0], lambda: here[1], lambda: here[2])  # type: ignore[arg-type,return-value]
    person = index.person("w-1042")
    assert person is not None and person.standing is lists.workers[0]
    assert (person.name, person.employer, person.inside_gate) == ("张三", "North Build", "north")
    stranger = index.person("w-new")
    assert stranger is not None and (stranger.name, stranger.employer, stranger.inside_since) == ("", "B", None)
    assert index.person("nobody") is None and index.name("w-0991") == "Ann Example" and index.name("x") == ""
    here[:] = [Names(), standings("w-2"), None]
    assert index.person("w-1042") is None and index.search("w-").total == 1
    here[1] = None
    assert index.standings is None and index.state is None and index.search("w-").total == 0
