"""Calls the platform: signs, waits for the rate limit, reads the answer."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings

from common.token_bucket import TokenBuckets
from district.config import DistrictConfig, RealnameConfig
from district.realname.models import SiteUpload
from district.realname.rules.answers import AnswerError, PlatformAnswer, read
from district.realname.rules.lacks import Trouble
from district.realname.rules.signers import SIGNERS, PlatformCredentials, PlatformSigner, SignedCall, as_json

TIMEOUT_S = 10.0
WHOLE_ANSWER_S = 40.0
"""An answer that drips is cut off, before the lease of what is being sent ends."""
ANSWER_MAX_BYTES = 4 * 1024 * 1024
CLOCK_WARN = timedelta(minutes=2)
ZONE = ZoneInfo("Asia/Shanghai")
"""The platform's clock, wherever this machine stands."""


class NoAnswer(Exception):
    """The platform did not answer, or not in its words. `sent`: it may have the call all the same."""

    def __init__(self, trouble: Trouble, detail: str, *, sent: bool) -> None:
        """Keep what happened."""
        super().__init__(f"{trouble}: {detail}")
        self.trouble = trouble
        self.detail = detail
        self.sent = sent


@dataclass
class Connector:
    """One platform. `wait` sleeps until the rate limit allows one more call."""

    config: RealnameConfig
    client: httpx.Client
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    wait: Callable[[float], None] = time.sleep
    clock_off: timedelta = timedelta(0)
    """How far this machine's clock is ahead of the platform's, by its last answer."""
    _buckets: TokenBuckets = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the tokens of one second: a restart gives no further burst."""
        rate = self.config.calls_per_minute
        self._buckets = TokenBuckets(burst=max(1.0, rate / 60), refill_s=60 / rate)

    @cached_property
    def signer(self) -> PlatformSigner:
        """Return the signer of this platform's kind."""
        return SIGNERS[self.config.signer]

    def encrypt(self, credentials: PlatformCredentials) -> Callable[[str], str]:
        """Return the encryption of numbers for one project."""
        return lambda number: self.signer.encrypt(number, credentials)

    def call(self, method: str, data: Mapping[str, Any], credentials: PlatformCredentials) -> PlatformAnswer:
        """Make one call. Raises NoAnswer."""
        while not self._buckets.take("", time.monotonic()):
            self.wait(60 / self.config.calls_per_minute)
        local = self.now().astimezone(ZONE)
        signed = self.signer.signed(method, as_json(data), local, secrets.token_hex(16), credentials)
        url = f"{self.config.url}?{signed.query}" if signed.query else self.config.url
        try:
            response, content = self._posted(url, signed)
        except (httpx.ConnectError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            trouble = Trouble.CERTIFICATE if "CERTIFICATE_VERIFY" in str(error) else Trouble.AWAY
            raise NoAnswer(trouble, type(error).__name__, sent=False) from None
        except httpx.HTTPError as error:
            raise NoAnswer(Trouble.NO_ANSWER, type(error).__name__, sent=True) from None
        self._compare_clocks(response)
        if not response.is_success:
            raise NoAnswer(Trouble.NOT_OURS, f"HTTP {response.status_code}", sent=True)
        if len(content) > ANSWER_MAX_BYTES:
            raise NoAnswer(Trouble.NOT_OURS, "too long", sent=True)
        try:
            return read(content)
        except AnswerError as error:
            raise NoAnswer(Trouble.NOT_OURS, str(error), sent=True) from None

    def _posted(self, url: str, signed: SignedCall) -> tuple[httpx.Response, bytes]:
        """Post, and read the answer up to its limit: what answers may be anything."""
        content, until = b"", time.monotonic() + WHOLE_ANSWER_S
        headers = {"Content-Type": signed.content_type, "Accept-Encoding": "identity"}  # nothing unpacks to more
        with self.client.stream("POST", url, content=signed.body, headers=headers) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                return response, content
            for part in response.iter_bytes():
                content += part
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer does not end")
                if len(content) > ANSWER_MAX_BYTES:
                    break
        return response, content

    @property
    def clock_off_s(self) -> int:
        """Return how many seconds this machine's clock is ahead of the platform's, where it is much; else 0."""
        return int(self.clock_off.total_seconds()) if abs(self.clock_off) >= CLOCK_WARN else 0

    def _compare_clocks(self, response: httpx.Response) -> None:
        try:
            theirs = parsedate_to_datetime(response.headers["Date"])
            self.clock_off = self.now() - theirs.astimezone(UTC)
        except (KeyError, ValueError, TypeError, OverflowError):
            return


def credentials_of(site: SiteUpload, config: RealnameConfig, secret: str) -> PlatformCredentials:
    """Return what the platform gave for a site, or for the whole district. `secret`: of district.toml."""
    return PlatformCredentials(site.app_id or config.app_id or site.project.code, site.secret or secret)


def district_secret(config: RealnameConfig) -> str:
    """Read the secret that district.toml names; "" without one. Raises OSError."""
    if config.secret_path is None:
        return ""
    district: DistrictConfig | None = settings.CONFIG
    path: Path = district.path(config.secret_path) if district else config.secret_path
    return path.read_text(encoding="utf-8").strip()


def is_readable(url: str) -> bool:
    """Say whether others on the way can read what goes to an address. Numbers are encrypted, and names are not."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def connector() -> Connector | None:
    """Return the connector of this district; None where no platform is named."""
    config: RealnameConfig = settings.REALNAME
    return Connector(config, httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)) if config.url else None
