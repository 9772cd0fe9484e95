"""Payloads that nobody should send: real messages mutilated in every way, deep, huge, half, and plain noise."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import contract
from contract.codec import MAX_BYTES
from contract.signing import sign
from contract.topics import Channel

GOLDEN = sorted((Path(contract.__file__).parent / "golden").rglob("*.json"))
_STRANGE = (
    None,
    -1,
    10**30,
    2**63,
    -(2**63),
    1e308,
    0.1,
    "",
    "x" * 5000,
    "\u0000",
    "\u202e\ufffe\U0001f6a7",
    "../../etc",
    "9999-12-31T23:59:59+14:00",
    "0001-01-01T00:00:00-14:00",
    "2016-12-31T23:59:60Z",
    [],
    [[[]]],
    {},
    {"": {}},
    True,
)
_TEXTS = (
    b'{"seq":1e400}',
    b'{"seq":NaN}',
    b'{"seq":' + b"9" * 5000 + b"}",
    b'{"type":"ack","version":"9.9"}',
    b'{"type":"ack","version":""}',
    b'{"a":"\xff\xfe"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\\ud800"}',
    b"\xc0\xaf",
    b"\x00" * 50,
    b"[" * 3000,
    b'{"a":' * 3000,
    b"null",
    b'{"type":"ack","type":"command"}',
)


def payloads(key: Ed25519PrivateKey, seed: int) -> Iterator[bytes]:
    """Without end. Some carry HQ's own signature: on messages for another purpose, on broken ones, and on old ones."""
    dice = random.Random(seed)
    golden = [path.read_bytes() for path in GOLDEN]
    samples = golden + [
        sign(path.read_bytes(), channel.value, key)
        for path in GOLDEN
        for channel in Channel
        if not path.name.startswith((channel.value, "sealed_list"))
    ]
    signed = ("ack", "command")
    while True:
        sample = bytearray(dice.choice(samples))
        chosen = dice.random()
        if chosen < 0.0005:
            yield bytes(sample) * (MAX_BYTES // len(sample) + dice.randrange(2))
        elif chosen < 0.15:
            purpose = dice.choice(signed)
            inside = next(path for path in GOLDEN if path.name.startswith(f"{purpose}."))
            yield sign(changed(inside.read_bytes(), dice), purpose, key)
        elif chosen < 0.25:
            yield dice.choice(_TEXTS)
        elif chosen < 0.35:
            yield dice.randbytes(dice.randrange(400))
        elif chosen < 0.5:
            yield bytes(sample[: dice.randrange(len(sample))])
        elif chosen < 0.65:
            for _ in range(dice.randrange(1, 6)):
                sample[dice.randrange(len(sample))] = dice.randrange(256)
            yield bytes(sample)
        elif chosen < 0.75:
            start = dice.randrange(len(sample))
            sample[start:start] = sample[dice.randrange(len(sample)) :]
            yield bytes(sample)
        else:
            yield changed(sample, dice)


def changed(sample: bytes | bytearray, dice: random.Random) -> bytes:
    """One field of the JSON, at any depth, replaced by something of the wrong size or type, or left out."""
    data = json.loads(sample)
    place = data
    while isinstance(place, dict | list) and place:
        at = dice.choice(sorted(place)) if isinstance(place, dict) else dice.randrange(len(place))
        inside = place[at]
        if not isinstance(inside, dict | list) or not inside or dice.random() < 0.5:
            if dice.random() < 0.15:
                del place[at]
            else:
                place[at] = dice.choice(_STRANGE)
            break
        place = inside
    return json.dumps(data).encode()
