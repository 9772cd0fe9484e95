"""The directory as HQ publishes it: each site its own people, sealed for its screens, whole when somebody leaves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.deltas import open_delta, read_delta
from contract.keyring import OpeningKeys
from contract.messages import DirectoryDelta, DirectorySnapshot, ListKind
from contract.parts import open_part, read_part
from contract.signing import BadSeal
from hq.cli import app
from hq.commands.context import opened
from hq.keys import keys
from hq.lists.publisher import ListPart, Publisher
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry

DIRECTORY = ListKind.DIRECTORY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.init(tmp_path / "hq", ("site-1", "site-2"), 1883)
    return tmp_path / "hq"


@contextmanager
def hq(folder: Path) -> Iterator[tuple[PeopleRegistry, Publisher]]:
    with opened(folder) as (_, people, publisher, _store):
        yield people, publisher


def worker(worker_id: str, site: str = "site-1", **more: object) -> dict[str, object]:
    return {"worker_id": worker_id, "sites": [site], "consent_ref": "c", "name": f"Name of {worker_id}", **more}


def take(people: PeopleRegistry, *workers: dict[str, object]) -> None:
    people.take(ImportFile.model_validate_json(json.dumps({"workers": workers})))


def kept(publisher: Publisher, site: str) -> list[ListPart]:
    return [part for part in publisher.kept(site, DIRECTORY) if part.body]


def said(folder: Path, publisher: Publisher, site: str, by: str = ".screen") -> dict[str, str | None]:
    """What a site's screens read; or what another key opens."""
    key, public = OpeningKeys(folder / f"keys/sites/{site}{by}.key.pem"), publisher.keys.signing.public_key()
    found: dict[str, str | None] = {}
    parts = kept(publisher, site)
    for part in sorted(parts, key=lambda part: part.part is None):
        if part.part is None:
            delta = open_delta(read_delta(part.body, DIRECTORY, public), key).delta
            assert isinstance(delta, DirectoryDelta)
            found |= {entry.worker_id: entry.name for entry in delta.entries}
        else:
            snapshot = open_part(read_part(part.body, DIRECTORY, public), key).snapshot
            assert isinstance(snapshot, DirectorySnapshot)
            found |= {entry.worker_id: entry.name for entry in snapshot.entries}
    return found


def test_ok__a_site_gets_only_its_own_names_and_only_its_screens_read_them(folder: Path) -> None:
    with hq(folder) as (people, publisher):
        take(people, worker("w-1"), worker("w-2", "site-2"))
        assert {key[0] for key in publisher.to_publish(["site-1", "site-2"]) if key[1] is DIRECTORY} == {
            "site-1",
            "site-2",
        }
        for site in ("site-1", "site-2"):
            publisher.publish(site, DIRECTORY)
        assert said(folder, publisher, "site-1") == {"w-1": "Name of w-1"}
        assert said(folder, publisher, "site-2") == {"w-2": "Name of w-2"}
        with pytest.raises(BadSeal):
            said(folder, publisher, "site-1", by="")
        assert not any(b"Name of" in part.body for part in kept(publisher, "site-1"))


def test_ok__a_changed_name_is_a_change_and_who_leaves_makes_it_whole(folder: Path) -> None:
    with hq(folder) as (people, publisher):
        take(people, *(worker(f"w-{number}") for number in range(60)))
        publisher.publish("site-1", DIRECTORY)
        take(people, worker("w-1", name="Wang Xiulan"))
        publisher.publish("site-1", DIRECTORY)
        (changes,) = [part for part in kept(publisher, "site-1") if part.part is None]
        assert len(changes.body) < 1_000
        assert said(folder, publisher, "site-1")["w-1"] == "Wang Xiulan"
        people.withdraw(["w-2"], "office", remove=True)
        publisher.publish("site-1", DIRECTORY)
        assert [part.part for part in kept(publisher, "site-1")] == [1]
        assert "w-2" not in said(folder, publisher, "site-1")


def test_ok__the_key_of_the_screens_is_made_for_older_sites_and_changes_in_steps(folder: Path) -> None:
    for path in (folder / "keys/sites").glob("*.screen.*"):
        path.unlink()
    with hq(folder) as (people, publisher):
        take(people, worker("w-1"))
        publisher.publish("site-1", DIRECTORY)
        assert said(folder, publisher, "site-1") == {"w-1": "Name of w-1"}
    private = folder / "keys/sites/site-1.screen.key.pem"
    assert private.stat().st_mode & 0o777 == 0o600
    listed = _run("keys", "--json", "-d", folder)
    assert {row["what"] for row in json.loads(listed)} >= {"site-1.screen", "site-2.screen"}
    before = private.read_bytes()
    made = _run("keys", "next", "site-1.screen", "-d", folder)
    new = next(row["key"] for row in json.loads(_run("keys", "--json", "-d", folder)) if row["key"] in made)
    _run("keys", "use", "site-1.screen", new, "-d", folder)
    with hq(folder) as (_people, publisher):
        assert said(folder, publisher, "site-1") == {"w-1": "Name of w-1"}
        private.write_bytes(before)
        with pytest.raises(BadSeal):
            said(folder, publisher, "site-1")


def _run(*words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output
