"""PROMISE: a round runs in one worker at a time, and a worker that was killed holds up nothing."""

import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from district.exchange import leases, queued
from district.exchange.leases import WorkerProcess
from district.exchange.models import WorkerLease
from district.exchange.rounds import every, registered_handlers, registered_rounds


def test_ok__one_worker_has_a_round(db: Any) -> None:
    first, second = WorkerProcess(), WorkerProcess()
    assert first.take("a") and first.take("a")
    assert not second.take("a")
    first.release()
    assert second.take("a")


def test_ok__a_dead_process_of_this_machine_loses_its_rounds_at_once(db: Any) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        dead = WorkerProcess(process=leases.process_name(child.pid))
        assert dead.take("a")
        assert not WorkerProcess().take("a")
    finally:
        child.kill()
        child.wait()
    assert WorkerProcess().take("a")


def test_ok__one_of_another_machine_loses_them_after_their_time(db: Any) -> None:
    far = WorkerProcess(machine="elsewhere", process="1/1")
    assert far.take("a")
    assert not WorkerProcess().take("a")
    WorkerLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert WorkerProcess().take("a")
    far.renew()
    assert not far.take("a"), "what was lost is not taken back"


def test_ok__apps_are_found_by_their_modules() -> None:
    names = [name for name, _ in registered_rounds()]
    assert {"exchange.hand_over", "exchange.read_feed", "enrolment.judge_photos"} <= set(names)
    assert len(names) == len(set(names))
    assert registered_handlers()


def test_ok__every_waits_between_two_turns() -> None:
    turns: list[int] = []
    do = every(60, lambda: bool(turns.append(1)))
    do()
    do()
    assert turns == [1]


def test_ok__a_task_of_a_killed_worker_is_put_back_and_fails_at_last(db: Any) -> None:
    values = {"args_kwargs": {"args": [], "kwargs": {}}, "task_path": "nowhere.at_all", "backend_name": "default"}
    long_ago = timezone.now() - timedelta(hours=1)
    once = DBTaskResult.objects.create(status="RUNNING", worker_ids=["x"], run_after=long_ago, **values)
    often = DBTaskResult.objects.create(status="RUNNING", worker_ids=["x"] * 3, run_after=long_ago, **values)
    queued.put_back()
    once.refresh_from_db()
    often.refresh_from_db()
    assert (once.status, often.status) == ("READY", "FAILED")


def test_ok__the_worker_ends_when_it_is_asked(transactional_db: Any, monkeypatch: Any) -> None:
    from district.exchange import worker

    done = threading.Event()
    monkeypatch.setattr(worker, "registered_rounds", lambda: (("a", lambda: bool(done.set())),))
    stop = threading.Event()
    monkeypatch.setattr(worker, "RENEW_EVERY_S", 0.05)
    threading.Thread(target=lambda: done.wait(10) and stop.set(), daemon=True).start()
    worker.work(stop)
    assert done.is_set()
    assert not WorkerLease.objects.exists()
