"""HQ limits a flood of invalid messages from one sender, at no cost to another."""

from hq.ingest.rate_limit import BURST, REFILL_S, SENDERS_MAX, limit_per_sender


def test_ok__a_burst_then_a_little() -> None:
    allowance = limit_per_sender()
    assert sum(allowance.take("g", 0) for _ in range(1000)) == BURST
    assert not allowance.take("g", REFILL_S / 2)
    assert allowance.take("g", REFILL_S * 1.01)
    assert allowance.take("other", 0)


def test_ok__rested_it_has_its_burst_again_and_no_more() -> None:
    allowance = limit_per_sender()
    assert allowance.take("g", 0)
    assert sum(allowance.take("g", 10**6) for _ in range(1000)) == BURST


def test_fail__invented_names_share_one_allowance() -> None:
    allowance = limit_per_sender()
    taken = sum(allowance.take(f"g-{n}", 0) for n in range(10 * SENDERS_MAX))
    assert taken == SENDERS_MAX + BURST
    assert len(allowance._buckets) <= SENDERS_MAX + 1
