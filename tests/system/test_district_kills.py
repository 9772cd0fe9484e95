"""PROMISE: web, workers, HQ's ingest and database killed at random under load lose nothing and count nothing twice.

SITEGATE_KILL_SEED, SITEGATE_KILL_COUNT and SITEGATE_KILL_LIMIT_S choose other moments, and how long.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hq_postgres import Postgres
from kills_stage import KillStage, run_drill

SEED = int(os.environ.get("SITEGATE_KILL_SEED", "13"))
COUNT = int(os.environ.get("SITEGATE_KILL_COUNT", "100"))
LIMIT_S = float(os.environ.get("SITEGATE_KILL_LIMIT_S", "5000"))
OF_POSTGRES = ("web", "web-worker", "worker-1", "worker-2", "ingest", "backend", "server")
OF_SQLITE = ("web", "web-worker", "worker-1", "worker-2", "ingest", "writing")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    if getattr(request, "param", "postgresql") == "sqlite":
        yield None
        return
    running = Postgres()
    yield running
    running.close()


def test_ok__a_few_kills_lose_nothing(tmp_path: Path, server: Postgres) -> None:
    dice = random.Random(SEED)
    stage = KillStage(tmp_path, server, people_per_site=2, days=8)
    try:
        stage.start(0.1, workers=1)
        run_drill(stage, dice, ["backend", "ingest", "web-worker", "server"], lambda: dice.uniform(0.5, 1.5))
        assert stage.errors() == []
    finally:
        stage.close()


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True)
def test_ok__a_hundred_kills_lose_nothing(tmp_path: Path, server: Postgres | None) -> None:
    dice = random.Random(SEED)
    print(f"seed {SEED}, {COUNT} kills")
    parts = OF_POSTGRES if server else OF_SQLITE
    stage = KillStage(tmp_path, server, people_per_site=5, days=60)
    try:
        stage.start(0.5)
        kills = [dice.choice(parts) for _ in range(COUNT)]
        run_drill(stage, dice, kills, lambda: dice.uniform(0.2, 5.0), LIMIT_S)
        assert stage.errors() == []
    finally:
        stage.close()
