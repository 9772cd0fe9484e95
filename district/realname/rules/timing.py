"""When something is tried again."""

from datetime import timedelta

from common.backoff import doubled_s

LEASE = timedelta(minutes=2)
"""A thing that is being sent belongs to its sender for so long. It is more than one call may take."""
SITE_PAUSE = timedelta(minutes=10)
"""After a wrong signature or a missing right."""
RATE_PAUSE = timedelta(minutes=1)
"""After the platform said that there were too many calls."""
AWAY_PAUSE = timedelta(seconds=20)
"""After a call without an answer: the site's other things wait too, since each would wait for the timeout."""
ASKED_MAX = 150
"""After about a day without a result the platform may have lost the call. It is asked for the thing itself."""
SLOW = 10
"""So often asked without a result, about half an hour: the page says so."""
_FIRST_RESULT_S, _RESULT_MAX_S = 3.0, 600.0
_RETRY_S, _RETRY_MAX_S = 20.0, 600.0


def next_result(asked: int) -> timedelta:
    """Return the pause before the result is asked for, after so many askings."""
    return timedelta(seconds=doubled_s(_FIRST_RESULT_S, asked, _RESULT_MAX_S))


def next_try(attempts: int) -> timedelta:
    """Return the pause after so many failed attempts."""
    return timedelta(seconds=doubled_s(_RETRY_S, max(attempts - 1, 0), _RETRY_MAX_S))
