"""Passwords for the broker, and their hashes in the form of mosquitto's password_file."""

import base64
import hashlib
import secrets
from collections.abc import Mapping

_ROUNDS = 1000
"""The passwords are random, 192 bits: no number of rounds would make them weaker or stronger."""
_SALT = 12


def new_password() -> str:
    """Make a password that nobody can guess."""
    return secrets.token_urlsafe(24)


def hash_line(user: str, password: str) -> str:
    """Return a line of the password file: PBKDF2 with SHA-512 (mosquitto_passwd's form 7)."""
    salt = secrets.token_bytes(_SALT)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"{user}:$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_file(passwords: Mapping[str, str], before: str) -> str:
    """Return the text of the password file. A line of `before` that fits its password stays, as its salt is random."""
    known = {line.partition(":")[0]: line for line in before.splitlines()}
    kept = {user: known[user] for user, password in passwords.items() if user in known and _fits(known[user], password)}
    return "".join(f"{kept.get(user) or hash_line(user, password)}\n" for user, password in passwords.items())


def _fits(line: str, password: str) -> bool:
    try:
        _, form, rounds, salt, digest = line.partition(":")[2].split("$")
        made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(rounds))
        return form == "7" and made == base64.b64decode(digest)
    except ValueError:
        return False
