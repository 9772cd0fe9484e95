"""Fixtures of the tests with a real broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sync_rig import Mosquitto, Rig, Stranger


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    running = Mosquitto(tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def rig(tmp_path: Path, broker: Mosquitto) -> Iterator[Rig]:
    made = Rig(tmp_path, broker.port)
    yield made
    made.close()


@pytest.fixture
def stranger(broker: Mosquitto) -> Iterator[Stranger]:
    client = Stranger(broker.port)
    yield client
    client.close()
