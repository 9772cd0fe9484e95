"""PROMISE: the broker that HQ brings along has no password, and nobody on the network reaches it."""

import socket
from pathlib import Path

import pytest
from sync_rig import free_port

from hq.broker import open_broker
from hq.commands.processes import OWN_BROKER


def test_fail__it_is_not_reached_at_another_address_of_this_machine(tmp_path: Path) -> None:
    port = free_port()
    with open_broker(tmp_path, port, OWN_BROKER) as running:
        assert running.listeners == [f"127.0.0.1:{port}"]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):  # what listens on 0.0.0.0 answers here too
            socket.create_connection(("127.0.0.2", port), timeout=5)
