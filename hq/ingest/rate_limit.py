"""Rate limit for invalid messages, per sender. A flood must neither fill the quarantine, where the alarms of others
need room, nor cost a transaction per message.
"""

from common.token_bucket import TokenBuckets

BURST = 100
"""Messages of one sender that are kept at once."""
REFILL_S = 6.0
"""Afterwards one more per this many seconds."""
SENDERS_MAX = 1000
"""Senders with a limit of their own; all others share one."""


def limit_per_sender() -> TokenBuckets:
    return TokenBuckets(BURST, REFILL_S, SENDERS_MAX)
