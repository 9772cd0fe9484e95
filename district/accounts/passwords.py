"""How passwords are hashed: a storm of sign-ins must not take the machine's memory."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class SmallArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes, OWASP's recommendation. Django's own takes 100 MiB for each attempt."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
