"""Check that FFmpeg reads a network camera's address as it was meant. Pure. No text here holds a part of a password."""

import re

ENCODED = {"#": "%23", "@": "%40", "/": "%2F", "?": "%3F", ":": "%3A", "%": "%25", " ": "%20"}
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
SHAPE = "rtsp://user:password@address/path"


def url_problem(url: str) -> str | None:
    """Return the fault of an address and its correction; None if there is none."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in ("rtsp", "rtsps"):
        return f"must be {SHAPE}"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    after = rest[len(authority) :]
    signs = [sign for sign in " " if sign in rest]
    signs += ["#"] if "#" in rest else []
    signs += ["%"] if _BARE_PERCENT.search(rest) else []
    # An @ further back, followed by an address: a sign in the password before it ended the password too early.
    if re.search(rf"@{_HOST}([/?]|$)", after) and not _plain_host(authority, after):
        signs += [rest[len(authority)]]
    user, at, host = authority.rpartition("@")
    signs += ["@"] if "@" in user else []
    if signs:
        told = " and ".join(f"{s if s.strip() else 'a space'} as {ENCODED[s]}" for s in dict.fromkeys(signs))
        return f"user or password contains a sign with another meaning in an address: write {told} (all of: {_ALL})"
    if not re.fullmatch(_HOST, host if at else authority):
        return f"names no address: it must be {SHAPE}"
    return None


def _plain_host(authority: str, after: str) -> bool:
    """Return True for an address with an @ in its path, such as cam-3/live@main, and without a user."""
    tail = re.split(r"@", after)[-1]
    return re.fullmatch(_HOST, authority) is not None and not re.search(r"[/:]", tail) and "." not in tail


_ALL = ", ".join(f"{sign} as {code}" for sign, code in ENCODED.items() if sign.strip())
