"""Fixtures of the tests with a real PostgreSQL server."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hq_postgres import Postgres
from sync_rig import Mosquitto, Rig

_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    running = Postgres()
    yield running
    running.close()


@pytest.fixture
def url(server: Postgres) -> str:
    return server.database(f"hq{next(_numbers)}")


@pytest.fixture
def rig(tmp_path: Path, broker: Mosquitto, url: str) -> Iterator[Rig]:
    """The usual rig, its HQ on PostgreSQL."""
    made = Rig(tmp_path, broker.port)
    settings = made.hq_folder / "hq.toml"
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("database_url")]
    settings.write_text("\n".join([f'database_url = "{url}"', *lines]))
    yield made
    made.close()
