"""Sites live in the database: added, renamed, grouped and retired while HQ runs."""

import json
from pathlib import Path

import pytest
from registry_rig import keys_of, registry_of
from sync_rig import Rig
from typer.testing import CliRunner

from common.ids import NoId
from contract.messages import Health, WorkerRecord
from hq import config as settings
from hq.cli import app
from hq.database.clock import now
from hq.database.errors import StoreError
from hq.database.gate_reports import gate_reports, set_health
from hq.database.store import Store
from hq.keys.keys import NoSiteName, check_site_names, init
from hq.registry.gates import RegistryRefused, registered_list
from hq.registry.import_file import ImportFile
from hq.registry.known_sites import SiteRefused
from hq.registry.sites import SiteRegistry, open_store

SENTENCE = "letters (a-z), digits, . _ -"


def _run(rig: Rig, *args: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, args)], env={"SITEGATE_HQ_DIR": str(rig.hq_folder)})
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def test_ok__a_site_is_added_renamed_grouped_and_listed(rig: Rig) -> None:
    said = _run(rig, "site", "add", "quay", "--name", "北码头", "--by", "m-7")
    assert "made" in said
    assert (rig.hq_folder / "keys/sites/quay.key.pem").stat().st_mode & 0o077 == 0
    _run(rig, "site", "rename", "quay", "North quay", "--by", "m-7")
    _run(rig, "site", "group", "quay", "harbour", "--by", "m-7")
    assert "quay, site-1" in _run(rig, "site", "group", "site-1", "harbour", "--by", "m-7")
    rows = {row["site_id"]: row for row in json.loads(_run(rig, "site", "list", "--json"))}
    assert sorted(rows) == ["quay", "site-1", "site-2"]
    assert (rows["quay"]["name"], rows["quay"]["added_by"], rows["site-1"]["added_by"]) == (
        "North quay",
        "m-7",
        "hq.toml",
    )
    registry = SiteRegistry(rig.store())
    assert registry.shared_with("quay") == {"quay", "site-1"}
    assert registry.shared_with("site-2") == {"site-2"}


def test_ok__a_running_hq_follows(rig: Rig) -> None:
    gates, keys = registry_of(rig, rig.store()), keys_of(rig)  # as the running process has them
    with pytest.raises(RegistryRefused, match="no site of this HQ"):
        gates.invite("gate-1", "quay", by="m-7", valid_s=60)
    _run(rig, "site", "add", "quay", "--by", "m-7")
    gates.add("gate-1", "quay", keys.gate, keys.link, by="m-7")
    assert "quay: policy version 1" in _run(rig, "publish", "--list", "policy")


def test_ok__a_retired_site_stays_retired_until_it_is_added_again(rig: Rig) -> None:
    rig.register()
    store = rig.store()
    gates = registry_of(rig, store)
    gates.invite("gate-2", "site-1", by="m-7", valid_s=60)
    people = rig.people(store)
    people.take(ImportFile.model_validate({"workers": [{"worker_id": "w-1", "sites": ["site-1", "site-2"]}]}))
    _run(rig, "publish", "--site", "site-1")
    said = _run(rig, "site", "retire", "site-1", "--by", "m-8")
    assert "1 gates revoked (gate-1), 1 people left it" in said
    assert "roster version 2, empty" in said
    assert (registered_list(store), people.find("w-1")) == ({}, WorkerRecord(worker_id="w-1", sites=("site-2",)))
    with pytest.raises(RegistryRefused, match=r"retired on .* by m-8"):
        gates.invite("gate-2", "site-1", by="m-7", valid_s=60)
    assert "site-1" not in _run(rig, "site", "list")  # though hq.toml names it at every start
    assert SiteRegistry(store).shared_with("site-1") == frozenset()
    assert "0 gates revoked, 0 people left it" in _run(rig, "site", "retire", "site-1", "--by", "m-8")
    assert "site-1 is back" in _run(rig, "site", "add", "site-1", "--by", "m-7")
    assert "site-1" in SiteRegistry(store).active()


def test_fail__a_gate_that_may_hold_events_keeps_its_site(rig: Rig) -> None:
    rig.register()
    store = rig.store()
    health = {
        "site_id": "site-1", "gate_id": "gate-1", "utc": now(), "unsent_events": 3, "oldest_unsent_s": 9.0,
        "frames_per_s": 1.0, "disk_free_mb": 1, "camera_ok": True, "clock_trusted": True, "gate_state": "idle",
        "cpu_temperature_c": None,
    }  # fmt: skip
    set_health(store, Health.model_validate(health))
    registry = SiteRegistry(store)
    for words in (("site", "retire", "site-1"), ("gate", "retire", "gate-1")):
        done = CliRunner().invoke(app, [*words, "--by", "m-8", "-d", str(rig.hq_folder)])
        assert done.exit_code == 1
        assert "gate-1 (3 not delivered)" in " ".join(done.output.split())
    assert "site-1" in registry.active()
    assert "gate-1" in registered_list(store)
    _run(rig, "gate", "rename", "gate-1", "North entrance", "--by", "m-8")
    assert json.loads(_run(rig, "gate", "list", "--json"))[0]["name"] == "North entrance"
    assert "gate-1 is retired" in _run(rig, "gate", "retire", "gate-1", "--by", "m-8", "--force")
    assert registered_list(store) == {}
    with store.read() as db:
        assert gate_reports(db) == []
    keys = keys_of(rig)
    with pytest.raises(RegistryRefused, match="were revoked or replaced"):
        registry_of(rig, store).add("gate-1", "site-1", keys.gate, keys.link, by="m-8")
    registry_of(rig, store).add("gate-1", "site-1", b"g" * 32, b"l" * 32, by="m-8")
    set_health(store, Health.model_validate(health))
    with store.read() as db:
        assert len(gate_reports(db)) == 1, "it is missed again"


@pytest.mark.parametrize("site", ["../../esc", "site 1", "", "工地1", 'a"b', "-x", "a" * 65, "site-1\n"])
def test_fail__an_id_is_checked_before_a_key_is_made(rig: Rig, site: str) -> None:
    before = sorted(rig.hq_folder.rglob("*"))
    with pytest.raises(NoId, match="--name") as told:
        SiteRegistry(rig.store()).check_new(site, by="m-7")
    assert SENTENCE in str(told.value)
    _run(rig, "site", "add", "--by", "m-7", "--", site, code=1)
    assert [path for path in sorted(rig.hq_folder.rglob("*")) if not path.name.startswith("hq.db")] == [
        path for path in before if not path.name.startswith("hq.db")
    ]


@pytest.mark.parametrize("site", ["Site-1", "signing", "At-Rest", "a.screen", "a.KEY"])
def test_fail__key_files_of_a_site_are_its_own(rig: Rig, site: str) -> None:
    with pytest.raises(NoSiteName):
        check_site_names(rig.hq_folder / "keys", [site])
    _run(rig, "site", "add", site, "--by", "m-7", code=1)
    assert not (rig.hq_folder / f"keys/sites/{site}.key.pem").exists()


def test_fail__twins_in_one_command(tmp_path: Path) -> None:
    with pytest.raises(NoSiteName, match="case of its letters"):
        init(tmp_path / "hq", ("a", "A"), 1883)
    assert list(tmp_path.iterdir()) == []


def test_ok__hq_toml_without_sites(tmp_path: Path) -> None:
    init(tmp_path, (), 1883)
    text = (tmp_path / "hq.toml").read_text()
    (tmp_path / "hq.toml").write_text("\n".join(line for line in text.splitlines() if not line.startswith("sites")))
    config = settings.load(tmp_path)
    store = open_store(config, None)
    assert SiteRegistry(store).active() == ()
    with pytest.raises(SiteRefused, match="it has none yet"):
        SiteRegistry(store).checked(["site-1"])
    store.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('sites = ["工地1"]', "sites.0: '工地1' is not an id: an id has 1 to 64 letters"),
        ('sites = []\n[enrolments]\nsite-9 = "trust"', "enrolments: site-9: no site of this HQ"),
        ('[broker]\nhst = "x"', "broker.hst: unknown key; did you mean 'host'?"),
    ],
)
def test_fail__a_wrong_line_in_hq_toml_is_explained(tmp_path: Path, text: str, says: str) -> None:
    init(tmp_path, (), 1883)
    (tmp_path / "hq.toml").write_text(text)
    with pytest.raises(settings.HqConfigError) as told:
        open_store(settings.load(tmp_path), None)
    assert says in str(told.value)


def test_fail__a_database_of_another_kind() -> None:
    with pytest.raises(StoreError, match="'mysql' is no database that HQ knows: write sqlite:///"):
        Store("mysql://hq@127.0.0.1/hq")


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "code", "gate 1", "--site", "site-1", "--by", "x"),
        ("gate", "code", "gate-1", "--site", "工地1", "--by", "x"),
        ("gate", "rename", "../x", "y", "--by", "x"),
        ("command", "gate-1", "reboot", "--why", "x", "--by", "x", "--site", "a b"),
        ("consent", "withdraw", "王伟"),
        ("code", "王伟"),
        ("publish", "--site", "a b"),
        ("events", "--gate", "a b"),
    ],
)
def test_fail__an_id_typed_anywhere_is_explained(rig: Rig, words: tuple[str, ...]) -> None:
    assert "is not an id: an id has 1 to 64 letters" in _run(rig, *words, code=1)
