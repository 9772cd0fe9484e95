"""Signs in as people do: password, then the code of the phone."""

import time
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from district_rig import TOTP_SECRET
from django.http import HttpResponse
from django.test import Client

PASSWORD = "three words of mine"


def code_now(secret: str = TOTP_SECRET, periods: int = 0) -> str:
    """Return the code that a phone shows now, or some periods of 30 s from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods))


def path_of(link: str) -> str:
    """Return the path of a link."""
    return urlsplit(link).path


def prove(client: Client, secret: str = TOTP_SECRET, periods: int = 0, next_path: str = "") -> HttpResponse:
    """Type the code once more, as changes of rights ask for. Return the answer: what was asked for with `next_path`."""
    typed = {"code": code_now(secret, periods), "next": next_path}
    answer: HttpResponse = client.post("/account/2fa/reauthenticate/", typed)  # type: ignore[assignment]
    return answer
