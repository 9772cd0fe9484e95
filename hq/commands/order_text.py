"""Turn what people type for an order into what the contract allows: who gives it and why."""

import re
import unicodedata

from common.ids import is_id
from contract.messages import Command

UNNAMED = "hq"
"""The giver of an order whose name has no letter that an id may have. The name itself is in the reason."""


class OrderRefused(ValueError):
    """An order that cannot be given. The text says why."""


def signed_by(by: str, why: str) -> tuple[str, str]:
    """Return the giver as an id, and the reason. The reason also names the giver if the name is no id: 张三, or Zhang
    San.

    Gates of every version accept ids alone. Raises OrderRefused.
    """
    name, reason = " ".join(by.split()), " ".join(why.split())
    if not name or not reason:
        raise OrderRefused("--by and --why may not be empty: both are recorded at the gate")
    if not is_id(name):
        reason = f"{reason} (by {name})"
    room = _why_max()
    if len(reason) > room:
        raise OrderRefused(f"the reason is too long: {len(reason)} characters with the name, {room} are allowed")
    return name if is_id(name) else _slug(name), reason


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:64] or UNNAMED


def _why_max() -> int:
    return next(int(m.max_length) for m in Command.model_fields["why"].metadata if hasattr(m, "max_length"))
