"""Damage of database files, as a bad card does it."""

import random
from pathlib import Path


def harm(path: Path, dice: random.Random) -> None:
    """Flip a byte in each of some pages, or tear off the end."""
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    data = bytearray(path.read_bytes())
    if dice.random() < 0.5:
        del data[dice.randrange(len(data) // 4, len(data)) :]
    else:
        for start in range(0, len(data), 4096):
            data[start + dice.randrange(8)] ^= 1 << dice.randrange(8)
    path.write_bytes(data)
