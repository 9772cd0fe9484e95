"""Limits attempts to sign in and to guess id numbers, in the database, so that all web processes count together.

A storm against one name must not lock its owner out. So a browser that has signed in before has attempts of its own,
and so has each network. All limits are buckets that fill again by themselves within minutes.
"""

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import F, FloatField, Value
from django.db.models.functions import Greatest

from district.accounts.models import SignInBucket, User
from district.fields import cipher

_PURPOSE = b"district/sign-in"


@dataclass(frozen=True)
class Bucket:
    """So many attempts at once; one more is free after each pause."""

    name: str
    attempts: int
    pause_s: float


ADDRESS = Bucket("address", 60, 1.0)
"""Attempts from one internet address, for all names together. A whole office may share it."""
DEVICE = Bucket("device", 10, 20.0)
"""One name on a browser that has signed in with it before."""
NETWORK = Bucket("network", 6, 30.0)
"""One name from one network, without such a browser."""
NAME = Bucket("name", 60, 10.0)
"""One name from everywhere, without such a browser."""
ID_NUMBERS = Bucket("id numbers", 30, 120.0)
"""Id numbers of people whom an account does not see. Sites that hire many people at once import a sheet."""


@dataclass(frozen=True)
class Taken:
    """Attempts that were taken from buckets, or the seconds to wait until there is one."""

    wait_s: int = 0
    sources: tuple[tuple[str, float], ...] = ()


def take(address: str, name: str, device: str, clock: Callable[[], float] = time.time) -> Taken:
    """Take one attempt of a name (in small letters) from an address. `device`: the known browser, or ""."""
    buckets = [(ADDRESS, _source(ADDRESS, _network(address, 32, 64)))]
    if device:
        buckets.append((DEVICE, _source(DEVICE, device, name)))
    else:
        buckets.append((NETWORK, _source(NETWORK, _network(address, 24, 48), name)))
        buckets.append((NAME, _source(NAME, name)))
    sources: list[tuple[str, float]] = []
    for bucket, source in buckets:
        wait = _take_one(bucket, source, clock())
        if wait:
            return Taken(wait, tuple(sources))
        sources.append((source, bucket.pause_s))
    return Taken(0, tuple(sources))


def take_of_account(bucket: Bucket, user: User, clock: Callable[[], float] = time.time) -> Taken:
    """Take one attempt of an account."""
    source = _source(bucket, str(user.pk))
    wait = _take_one(bucket, source, clock())
    return Taken(wait, () if wait else ((source, bucket.pause_s),))


def give_back(taken: Sequence[tuple[str, float]]) -> None:
    """Give the attempts back when nothing was guessed: after a right password only wrong ones count."""
    for source, pause_s in taken:
        SignInBucket.objects.filter(source=source).update(full_at=F("full_at") - pause_s)


def purge(now: float) -> int:
    """Remove the buckets that are full. Return how many."""
    removed, _by_table = SignInBucket.objects.filter(full_at__lt=now - 60).delete()
    return removed


def _take_one(bucket: Bucket, source: str, now: float) -> int:
    """Take one attempt in a single statement, so that attempts at the same time count too. Return seconds to wait."""
    SignInBucket.objects.bulk_create([SignInBucket(source=source, full_at=now)], ignore_conflicts=True)
    row, longest = SignInBucket.objects.filter(source=source), bucket.attempts * bucket.pause_s
    row.filter(full_at__gt=now + longest + 1).update(full_at=now)  # the clock was set back
    free = row.filter(full_at__lte=now + longest - bucket.pause_s)
    if free.update(full_at=Greatest(F("full_at"), Value(now, FloatField())) + bucket.pause_s):
        return 0
    full_at = row.values_list("full_at", flat=True).first() or now
    return max(1, round(full_at - now - longest + bucket.pause_s + 0.5))


def _network(address: str, bits4: int, bits6: int) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    bits = bits4 if found.version == 4 else bits6
    return str(ipaddress.ip_network((found, bits), strict=False))


def _source(bucket: Bucket, *parts: str) -> str:
    return cipher().authenticate("\0".join((bucket.name, *parts)).encode("utf-8", "replace"), _PURPOSE)
