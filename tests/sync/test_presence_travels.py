"""A passage at one gate is known at the others: a real broker, HQ, and several gates."""

from presence_rig import passing_gates
from sync_rig import Rig, Stranger, wait_until

from contract.messages import Direction

IN, OUT = Direction.IN, Direction.OUT


def test_ok__a_passage_at_one_gate_is_known_at_the_others(rig: Rig, stranger: Stranger) -> None:
    rig.hq(known=False)
    stranger.subscribe("sitegate/v1/#")
    with passing_gates(rig, 3) as (first, second, third):
        first.passes("w-1")
        first.passes(None)
        wait_until(lambda: second.last("w-1") is IN and third.last("w-1") is IN, "both know it")
        assert first.last("w-1") is IN
        third.passes("w-1", OUT)
        wait_until(lambda: {gate.last("w-1") for gate in (first, second)} == {OUT}, "the gate of entry knows it")
        since = first.clock.utc().replace(year=2000)
        wait_until(lambda: {gate.presence.inside(since) for gate in (first, second, third)} == {1}, "counted once")
        for gate in (first, second, third):
            assert (gate.config.paths.state_dir / "sync/presence.list").stat().st_mode & 0o777 == 0o640
    lists = [payload for topic, payload, _ in stranger.seen if "/list/presence/" in topic]
    assert lists
    assert not any(b"w-1" in payload for payload in lists), "sealed for the site"
