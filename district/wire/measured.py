"""An HQ with simulated gates, for measurements: how soon what this district says is in force at gates."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.messages import ListKind
from hq.bench.district import serve
from hq.bench.listening_gates import MEASURED, ListInForce, listen
from hq.bench.measured_process import MeasuredProcess, allow_connections
from hq.bench.servers import ServerError as ServerError
from hq.bench.servers import mosquitto
from hq.config import FILE_NAME, template
from hq.database.store import Store
from hq.keys import keys
from hq.registry.gates import GateRegistry
from hq.registry.sites import SiteRegistry

_BY = "measured"
ROUND_S = 300.0
"""Patience for the first round of all lists."""


class MeasuredGates:
    """Simulated gates, and the risk lists that they put into force."""

    def __init__(self, process: MeasuredProcess) -> None:
        self._process = process

    def risks(self, wait_s: float = 0.0) -> Iterator[tuple[str, frozenset[str] | None, float]]:
        """Yield gate id, workers (None: the whole list), and the moment of the machine's monotonic clock."""
        for one in self._received(wait_s):
            if one.kind is ListKind.RISK:
                yield one.gate_id, one.workers if one.changes else None, one.at_s

    def wait_for_all(self, gates: Mapping[str, str]) -> None:
        """Wait until every gate has all its lists. Raises ServerError."""
        missing = {(gate_id, kind) for gate_id in gates for kind in MEASURED}
        until_s = time.monotonic() + ROUND_S
        while missing:
            missing -= {(one.gate_id, one.kind) for one in self._received(0.2)}
            if missing and time.monotonic() > until_s:
                raise ServerError(f"{len(missing)} lists did not reach their gates within {ROUND_S:.0f} s")

    def _received(self, wait_s: float) -> list[ListInForce]:
        found: list[ListInForce] = self._process.receive(1) if self._process.pipe.poll(wait_s) else []
        return found


@contextmanager
def measured_hq(folder: Path, site_of_gate: Mapping[str, str]) -> Iterator[MeasuredGates]:
    """Run HQ, a broker and these gates in an empty folder. Raises ServerError."""
    allow_connections(2 * len(site_of_gate) + 200)
    sites, url = tuple(sorted(set(site_of_gate.values()))), f"sqlite:///{folder}/hq.db"
    keys.init(folder, sites, 1)
    with mosquitto(folder) as port:
        (folder / FILE_NAME).write_text(template(sites, port, url), encoding="utf-8")
        pairs = keys.load(folder)
        with closing(Store(url, pairs)) as store:
            for site_id in sites:
                SiteRegistry(store).add(site_id, by=_BY)
            registry = GateRegistry(store, pairs)
            for gate_id, site_id in site_of_gate.items():
                pair = (Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(2))
                registry.add(gate_id, site_id, *pair, by=_BY)
        listening, hq = MeasuredProcess(listen, folder, dict(site_of_gate)), MeasuredProcess(serve, folder)
        try:
            listening.receive(ROUND_S)
            gates = MeasuredGates(listening)
            gates.wait_for_all(site_of_gate)
            yield gates
        finally:
            for process in (listening, hq):
                process.end()
                process.close()
