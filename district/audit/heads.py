"""Keeps the ends of the chains outside the database, so that cut-off ends and an older database are noticed.

A worker writes them to `audit-heads.json` in the district's folder. An owner who wants more keeps the line that
`sitegate-district audit heads` prints somewhere else.
"""

import json
import os
from pathlib import Path

from django.conf import settings

from common.private_files import OWNER_ONLY
from district.audit.chain import PURPOSE
from district.audit.models import Head
from district.fields import cipher

FILE_NAME = "audit-heads.json"
Heads = dict[str, tuple[int, str]]
"""The last sequence number and hash of each chain."""


class WrongHeads(ValueError):
    """A line or file of heads that this district did not write. The text says what to do."""


def present_heads() -> Heads:
    """Return the ends of all chains that have entries."""
    return {head.chain: (head.seq, head.hash) for head in Head.objects.filter(seq__gt=0)}


def written(heads: Heads) -> str:
    """Return heads as one line of text, signed with the key outside the database."""
    text = json.dumps(heads, sort_keys=True, separators=(",", ":"))
    return json.dumps({"heads": heads, "sign": _sign(text)}, sort_keys=True, separators=(",", ":"))


def read(line: str) -> Heads:
    """Read a line that `written` made. Raises WrongHeads."""
    try:
        found = json.loads(line)
        heads = {str(chain): (int(seq), str(digest)) for chain, (seq, digest) in found["heads"].items()}
        sign = str(found["sign"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WrongHeads("this is no line of `audit heads`: give the whole line") from None
    if sign != _sign(json.dumps(heads, sort_keys=True, separators=(",", ":"))):
        raise WrongHeads("this line of `audit heads` was changed, or belongs to another district")
    return heads


def later(one: Heads, other: Heads) -> Heads:
    """Return the later end of each chain."""
    return {chain: max(one.get(chain, (0, "")), other.get(chain, (0, ""))) for chain in {*one, *other}}


def file_of_heads() -> Path | None:
    """Return the file beside the database. None without a folder, as in tests."""
    return settings.CONFIG.folder / FILE_NAME if settings.CONFIG else None


def keep(path: Path) -> bool:
    """Write the present ends to a file, if they changed. Return True if they did. Raises OSError.

    Ends that are lower than the file's are not written: the file is the proof that entries are missing.
    """
    now = present_heads()
    try:
        kept = read(path.read_text())
    except FileNotFoundError:
        kept = {}
    if kept == now or any(now.get(chain, (0, ""))[0] < seq for chain, (seq, _hash) in kept.items()):
        return False
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, OWNER_ONLY), "w") as file:
        file.write(written(now) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return True


def _sign(text: str) -> str:
    return cipher().authenticate(text.encode(), PURPOSE + b"/heads")
