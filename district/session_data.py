"""Encrypts what a session holds. A form that waits for a code keeps there what was typed, such as a phone number."""

import json
from typing import Any

from district.fields import cipher

_PLACE = "django_session.session_data"


class EncryptedSerializer:
    """Writes a session as encrypted JSON. A session of before this, or of another key, is empty: people sign in."""

    def dumps(self, held: dict[str, Any]) -> bytes:
        """Encrypt what a session holds."""
        return cipher().encrypt(json.dumps(held, separators=(",", ":")), _PLACE)

    def loads(self, sealed: bytes) -> dict[str, Any]:
        """Decrypt what `dumps` returned. Raises FieldKeyError."""
        held: dict[str, Any] = json.loads(cipher().decrypt(sealed, _PLACE))
        return held
