"""A network that delays, dribbles, drops, resets, swallows, repeats and reorders. After each: HQ's events are the
journal's, exactly once, in order, the chain verified."""

import random
import time
from collections.abc import Iterator

import pytest
from bad_network import BadNetwork, Weather
from sameness import same_everywhere
from sync_rig import Mosquitto, Rig, note, wait_until


@pytest.fixture
def network(broker: Mosquitto) -> Iterator[BadNetwork]:
    made = BadNetwork(broker.port)
    yield made
    made.close()


def through(rig: Rig, network: BadNetwork, **sync: object) -> None:
    rig.sync(rig.gate_config(broker_port=network.port, keepalive_s=5, connect_timeout_s=2, **sync))


def test_ok__a_network_that_delays_and_dribbles(rig: Rig, network: BadNetwork) -> None:
    journal = rig.journal()
    network.weather = Weather(delay_s=0.01, piece_bytes=200)
    rig.hq()
    through(rig, network)
    note(journal, 120)
    same_everywhere(rig, rig.store(), 120)
    print(f"120 events in pieces of 200 bytes, 10 ms each, {network.connections} connection(s)")


def test_ok__a_network_that_drops_connections_in_mid_message(rig: Rig, network: BadNetwork) -> None:
    journal = rig.journal()
    network.weather = Weather(piece_bytes=700, cut_chance=0.03)
    rig.hq()
    through(rig, network)
    store = rig.store()
    for _ in range(20):
        note(journal, 20)
        time.sleep(0.1)
    network.weather = Weather()
    same_everywhere(rig, store, 400)
    assert network.cuts > 2
    print(f"400 events, {network.cuts} connections cut in mid-message, {network.connections} made")


def test_ok__a_half_open_connection_is_noticed_and_replaced(rig: Rig, network: BadNetwork) -> None:
    journal = rig.journal()
    rig.hq()
    through(rig, network)
    store = rig.store()
    note(journal, 20)
    same_everywhere(rig, store, 20)
    network.weather = Weather(stalled=True)  # nobody says goodbye; bytes go nowhere
    note(journal, 30)
    before = network.connections
    wait_until(lambda: network.connections > before, "the gate gave the dead connection up", 30)
    network.weather = Weather()
    same_everywhere(rig, store, 50)
    print(f"noticed after the keep-alive of 5 s; {network.connections} connections made")


def test_ok__a_network_that_repeats_and_reorders_messages_both_ways(rig: Rig, network: BadNetwork) -> None:
    """Events and acknowledgements, PUBLISH and PUBACK: twice, and behind what was sent after them."""
    journal, store = rig.journal(), rig.store()
    network.weather = Weather(repeat_chance=0.3, swap_chance=0.3)
    rig.hq()
    through(rig, network, batch_events=5, ack_timeout_s=1)
    for _ in range(20):
        note(journal, 15)
        time.sleep(0.05)
    same_everywhere(rig, store, 300)
    assert network.repeated > 5 and network.swapped > 5
    print(
        f"300 events, {network.repeated} packets repeated, {network.swapped} swapped, {network.connections} connection(s)"
    )


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
def test_ok__connections_reset_while_messages_repeat_and_swap(rig: Rig, network: BadNetwork, seed: int) -> None:
    journal, store, dice = rig.journal(), rig.store(), random.Random(seed)
    network.weather = Weather(repeat_chance=0.2, swap_chance=0.2, delay_s=0.002, piece_bytes=900, reset=True)
    rig.hq()
    through(rig, network, batch_events=5, ack_timeout_s=1)
    for _ in range(8):
        note(journal, 20)
        time.sleep(dice.uniform(0, 0.2))
        network.cut()
    same_everywhere(rig, store, 160)
    print(f"seed {seed}: 160 events, {network.cuts} resets, {network.repeated} repeated, {network.swapped} swapped")


@pytest.mark.long  # the half-open connection above is the short one
def test_ok__a_black_hole_is_noticed_and_left(rig: Rig, network: BadNetwork) -> None:
    """Packets vanish and nobody says so (a firewall that forgot us): only the keep-alive tells."""
    journal, store = rig.journal(), rig.store()
    rig.hq()
    through(rig, network)
    note(journal, 20)
    same_everywhere(rig, store, 20)
    network.weather = Weather(swallowed=True)
    note(journal, 30)
    before = network.connections
    wait_until(lambda: network.connections > before, "the gate gave the dead connection up", 30)
    network.weather = Weather()
    same_everywhere(rig, store, 50)


def test_ok__connections_refused_for_a_while(rig: Rig, network: BadNetwork) -> None:
    journal = rig.journal()
    network.weather = Weather(refused=True)
    rig.hq()
    through(rig, network)
    note(journal, 40)
    time.sleep(2)
    network.weather = Weather()
    same_everywhere(rig, rig.store(), 40)
