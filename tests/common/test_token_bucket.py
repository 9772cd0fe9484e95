"""A burst for each sender, then one more per fixed time."""

from common.token_bucket import TokenBuckets


def test_ok__a_burst_then_one_per_refill_and_never_more_than_the_burst() -> None:
    buckets = TokenBuckets(burst=3, refill_s=10)
    assert [buckets.take("a", 0) for _ in range(5)] == [True, True, True, False, False]
    assert [buckets.take("a", 10), buckets.take("a", 10)] == [True, False]
    assert sum(buckets.take("a", 10_000) for _ in range(9)) == 3
    assert buckets.take("b", 0)


def test_ok__keys_beyond_the_maximum_share_one_bucket() -> None:
    buckets = TokenBuckets(burst=2, refill_s=10, keys_max=5)
    assert sum(buckets.take(f"a-{number}", 0) for number in range(100)) == 5 + 2
    assert buckets.take("a-0", 0), "an earlier key keeps its own"
