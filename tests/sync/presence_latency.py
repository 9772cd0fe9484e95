"""Measure how long a passage at one gate takes to be known at the others: `python tests/sync/presence_latency.py`.

A real broker, HQ and several gates, all in this process. Figures of real machines are better.
`--gates`, `--rate` (passages a second over all gates), `--seconds`, `--inside` (people there before).
"""

import argparse
import logging
import sys
import tempfile
import threading
import time
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[1] / "rigs"))
from presence_rig import LIMIT_S, PassingGate, passing_gates
from sync_rig import Mosquitto, Rig, Stranger, wait_until

LOOK_S = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("gates", 4), ("rate", 3.0), ("seconds", 60.0), ("inside", 500)):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder))
        broker.start()
        rig, witness = Rig(Path(folder), broker.port), Stranger(broker.port)
        witness.subscribe("sitegate/v1/+/list/presence/#")
        try:
            rig.hq(known=False)
            with passing_gates(rig, asked.gates) as gates:
                delays = measure(gates, asked.rate, asked.seconds, asked.inside)
            show(delays, [(topic, len(payload)) for topic, payload, _ in witness.seen], asked.seconds)
        finally:
            rig.close()
            witness.close()
            broker.kill()


def measure(gates: list[PassingGate], rate: float, seconds: float, inside: int) -> list[float]:
    """Seconds from each passage on the disk to each other gate that counts it."""
    for number in range(inside):
        gates[number % len(gates)].passes(f"w-{number:06}")
    wait_until(lambda: all(gate.last(f"w-{inside - 1:06}") for gate in gates), "the gates know who is there", 120)
    began: dict[str, tuple[float, PassingGate]] = {}
    delays, stop = [], threading.Event()

    def look(gate: PassingGate) -> None:
        seen: set[str] = set()
        while not stop.is_set():
            gate.presence.follow(LIMIT_S)
            now = time.monotonic()
            for worker, (at, where) in list(began.items()):
                if worker not in seen and where is not gate and gate.presence.last_passage(worker) is not None:
                    seen.add(worker)
                    delays.append(now - at)
            time.sleep(LOOK_S)

    threads = [threading.Thread(target=look, args=(gate,)) for gate in gates]
    for thread in threads:
        thread.start()
    for number in range(int(rate * seconds)):
        gate, worker = gates[number % len(gates)], f"v-{number:06}"
        gate.passes(worker)
        began[worker] = time.monotonic(), gate
        time.sleep(1 / rate)
    wait_until(lambda: len(delays) >= len(began) * (len(gates) - 1), "all gates know all passages", 60)
    stop.set()
    for thread in threads:
        thread.join()
    return sorted(delays)


def show(delays: list[float], messages: list[tuple[str, int]], seconds: float) -> None:
    wholes = [size for topic, size in messages if not topic.endswith("/delta")]
    changes = [size for topic, size in messages if topic.endswith("/delta")]
    p50, p95 = (delays[int(len(delays) * share)] for share in (0.5, 0.95))
    print(f"passage to another gate: p50 {p50:.2f} s, p95 {p95:.2f} s, max {delays[-1]:.2f} s, of {len(delays)}")
    print(
        f"whole lists: {len(wholes)}, largest {max(wholes)} bytes; changes: {len(changes)}, largest {max(changes)} bytes"
    )
    print(f"to each gate: {(sum(wholes) + sum(changes)) / seconds / 1000:.1f} KB/s")


if __name__ == "__main__":
    main()
