"""What the worker does for the uploads. The worker runs a round in one process at a time, in a thread of its own. The
rate limit counts once, and a slow platform holds up nothing that goes to the gates.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from district.exchange.rounds import Round
from district.realname import look, reconcile
from district.realname.connector import Connector, NoAnswer, connector
from district.realname.prepared import Lacking, NotTaken
from district.realname.rules.lacks import Trouble
from district.realname.rules.signers import SecretError
from district.realname.rules.timing import SITE_PAUSE
from district.realname.sender import Sender, note_trouble

_connectors: list[Connector | None] = []


def upload() -> bool:
    """Make one round. Return whether there may be more to do."""
    if not _connectors:
        _connectors.append(connector())
    platform = _connectors[0]
    return platform is not None and make_round(platform, timezone.now())


def make_round(platform: Connector, now: datetime) -> bool:
    """Look at the sites that are due, send a page of what waits, or else reconcile one site."""
    wait = timedelta(seconds=platform.config.batch_wait_s)
    for site in look.due(now):
        look.look(site, now, wait)
    sender = Sender(platform)
    return bool(sender.page(now)) or _reconcile(sender, now)


def _reconcile(sender: Sender, now: datetime) -> bool:
    """Reconcile one site; the next round takes the next one, after what is due by then."""
    for site in reconcile.due(now)[:1]:
        try:
            reconcile.reconcile(sender.calls(site), now)
        except (Lacking, NotTaken, NoAnswer, SecretError, OSError) as error:
            note_trouble(site, Trouble.RECONCILIATION, str(error), now + SITE_PAUSE)
        return True
    return False


ROUNDS: tuple[Round, ...] = (upload,)
