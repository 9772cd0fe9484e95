"""Only one HQ publishes from a database: the second one refuses and names the first."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sync_rig import Mosquitto, Rig, wait_until
from typer.testing import CliRunner

from common.broker.link import SHORT_S
from hq import config as settings
from hq.cli import app
from hq.database import tables as t
from hq.database.store import Store
from hq.keys import keys
from hq.service import HqService, only_hq
from hq.service.only_hq import AnotherHq, OnlyHq


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path}/hq.db")
    yield opened
    opened.close()


@pytest.fixture
def first(store: Store, tmp_path: Path) -> Iterator[OnlyHq]:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    made = OnlyHq(store, tmp_path / "first")
    made.take()
    yield made
    made.close()


def test_fail__a_second_hq_names_the_first_and_what_to_do(first: OnlyHq, store: Store, tmp_path: Path) -> None:
    with pytest.raises(AnotherHq, match=rf"process {os.getpid()} on .*folder {tmp_path}/first.*systemctl stop"):
        OnlyHq(store, tmp_path / "second").take()
    first.check()


def test_fail__a_second_hq_in_the_same_folder_is_refused_whatever_its_database(first: OnlyHq, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(AnotherHq, match=f"another HQ works in {tmp_path}/first: process {os.getpid()}"):
        OnlyHq(other, tmp_path / "first").take()
    other.close()


def test_ok__the_next_one_starts_once_the_first_has_ended(first: OnlyHq, store: Store, tmp_path: Path) -> None:
    first.close()
    OnlyHq(store, tmp_path / "first").take()


def test_ok__a_crashed_hq_of_this_machine_is_replaced_at_once(first: OnlyHq, store: Store, tmp_path: Path) -> None:
    with store.write() as db:  # a process that has this id now, and started at another time
        db.execute(update(t.leases).values(process=f"{os.getpid()}/1"))
    second = OnlyHq(store, tmp_path / "second")
    second.take()
    second.close()


def test_ok__a_process_that_is_hidden_here_counts_as_alive_while_its_lease_stands(
    first: OnlyHq, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the processes of another user are under ProtectProc=invisible."""

    def not_allowed(pid: int, signal: int) -> None:
        raise PermissionError

    with store.write() as db:
        db.execute(update(t.leases).values(process="4194000/1"))
    with monkeypatch.context() as hidden, pytest.raises(AnotherHq):
        hidden.setattr(only_hq.os, "kill", not_allowed)
        OnlyHq(store, tmp_path / "second").take()
    second = OnlyHq(store, tmp_path / "second")
    second.take()
    second.close()


@pytest.mark.parametrize("age_s", [only_hq.LEASE_S + 1, -only_hq.LEASE_S - 1])
def test_ok__a_crashed_hq_of_another_machine_is_replaced_when_its_lease_is_over(
    age_s: float, first: OnlyHq, store: Store, tmp_path: Path
) -> None:
    """Also after the database's clock was set back."""
    with store.write() as db:
        db.execute(update(t.leases).values(machine="another"))
    second = OnlyHq(store, tmp_path / "second")
    with pytest.raises(AnotherHq):
        second.take()
    with store.write() as db:
        db.execute(update(t.leases).values(renewed_s=t.leases.c.renewed_s - age_s))
    second.take()
    second.close()


def test_fail__who_lost_the_lease_publishes_nothing_more(
    first: OnlyHq, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a freeze of more than the lease's time."""
    with store.write() as db:
        db.execute(update(t.leases).values(machine="another", renewed_s=0))
    second = OnlyHq(store, tmp_path / "second")
    second.take()
    passed_s = only_hq._passed_s
    monkeypatch.setattr(only_hq, "_passed_s", lambda: passed_s() + only_hq.LEASE_S)
    with pytest.raises(AnotherHq, match=f"taken over this database: .*folder {tmp_path}/second"):
        first.check()
    second.check()
    second.close()


def test_ok__a_worker_needs_no_lease_and_run_says_in_one_sentence_who_runs(rig: Rig) -> None:
    rig.hq()
    worker = rig.hq(worker=True)
    wait_until(lambda: worker.service.connected, "the worker is connected")  # type: ignore[union-attr]
    done = CliRunner().invoke(app, ["run", "-d", str(rig.hq_folder)])
    assert done.exit_code == 1
    assert "another HQ works in" in done.output
    assert done.output.count("error:") == 1


def test_ok__a_client_id_in_use_is_said_and_not_fought_over(rig: Rig) -> None:
    """Two HQs with a database each, at one broker: the pauses between two take-overs grow."""
    other = rig.folder / "other"
    keys.init(other, ("site-1",), rig.port)
    links = [rig.hq().service.parts.link, rig._runs(HqService(settings.load(other))).service.parts.link]  # type: ignore[union-attr]
    wait_until(lambda: any("does another HQ use this broker" in link.state.detail for link in links), "said")
    assert max(link._link._short.next_s() for link in links) >= 8


def test_ok__a_connection_that_lasted_is_restored_at_once(rig: Rig, broker: Mosquitto) -> None:
    link = rig.hq().service.parts.link  # type: ignore[union-attr]
    wait_until(lambda: link.connected, "connected")
    assert link._link._accepted_s is not None
    link._link._accepted_s -= SHORT_S
    broker.kill()
    wait_until(lambda: not link.connected, "lost")
    assert link._link._short.failures == 0
