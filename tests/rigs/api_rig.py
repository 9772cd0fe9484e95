"""Tokens for the tests of the API."""

from datetime import timedelta
from typing import Any

from attendance_rig import GateJournal
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone

from district.accounts.models import User
from district.api.models import GRANTABLE
from district.api.tokens import make_token
from district.attendance.feed_handlers import handle
from district.exchange.models import FeedPosition
from district.permissions import Role


def bearer(secret: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {secret}"}


def token_of(town: SmallDistrict, role: Role, **where: Any) -> str:
    """Make a token with all that a role may hand on, at the role's own place. Return its secret."""
    maker: User = town.accounts[role]
    own = maker.grants.get()
    where = where or ({"place": own.place} if own.place else {"enterprise": own.enterprise})
    rights = [right for right in GRANTABLE if maker.may(right)]
    return make_token(maker, "wage-reader", rights, timezone.now() + timedelta(days=30), **where)[1]


def asked(client: Client, secret: str, address: str) -> Any:
    """Ask the API; return the answer's JSON. Fails if it is not 200."""
    answer = client.get(f"/api/v1/{address}", headers=bearer(secret))
    assert answer.status_code == 200, answer.content
    return answer.json()


def one_day() -> None:
    """Let two people of site 1 work yesterday, one of whom is inside now, and one of site 3."""
    gate, other = GateJournal(), GateJournal("site-3", "gate-3")
    start = (timezone.localtime() - timedelta(days=1)).replace(hour=7, minute=0, second=0, microsecond=0)
    handle(
        [
            gate.passed("w-1", "in", start),
            gate.passed("w-1", "out", start + timedelta(hours=9.5)),
            gate.passed("w-2", "in", timezone.now() - timedelta(minutes=30)),
            gate.refused("w-2", "not_assigned", timezone.now() - timedelta(minutes=31)),
            other.passed("w-5", "in", timezone.now() - timedelta(minutes=20)),
        ]
    )
    FeedPosition.objects.create(read=timezone.now())
