"""How passwords are hashed and which are refused. A storm of sign-ins must not take the machine's memory."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@cache
def _hashing_threads() -> ThreadPoolExecutor:
    """Return the threads that hash. Each thread that ever hashed keeps its 19 MiB, so the threads of pages do not."""
    return ThreadPoolExecutor(2, thread_name_prefix="hashing")


class SmallArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes, OWASP's recommendation. Django's own takes 100 MiB for each attempt."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a password, on one of the two threads that do so."""
        return _hashing_threads().submit(super().encode, password, salt).result()

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, on one of the two threads that do so."""
        return _hashing_threads().submit(super().verify, password, encoded).result()


class OwnWordsValidator:
    """Refuses a password that is little more than the account's own name, or a few characters again and again."""

    _LEFT, _DIFFERENT = 8, 6

    def validate(self, password: str, user: AbstractUser | None = None) -> None:
        """Raise ValidationError if too little is left without the name."""
        left = password.lower()
        for word in {user.username.lower(), *getattr(user, "name", "").lower().split()} if user else set():
            if len(word) > 1:
                left = left.replace(word, "")
        if len(left.strip()) < self._LEFT or len(set(left)) < self._DIFFERENT:
            raise ValidationError(_("This is easy to guess: use other words than your name, and more of them."))

    def get_help_text(self) -> str:
        """Return nothing: the form says what is wanted."""
        return ""
