"""The framing that the bad network of tests/faults is made of."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt_frames import NotMqtt, PacketType, Shuffler, split, type_of


def packet(kind: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([kind << 4]) + length + body


PACKETS = st.lists(st.builds(packet, st.sampled_from(list(PacketType)), st.binary(max_size=300)), max_size=20)


@given(PACKETS, st.lists(st.integers(1, 40), min_size=1))
def test_ok__packets_are_found_however_the_stream_is_cut(packets: list[bytes], cuts: list[int]) -> None:
    stream, found, rest, turn = b"".join(packets), [], b"", 0
    while stream:
        size = cuts[turn % len(cuts)]
        whole, rest = split(rest + stream[:size])
        found += whole
        stream, turn = stream[size:], turn + 1
    assert (found, rest) == (packets, b"")


def test_ok__a_long_packet() -> None:
    long = packet(PacketType.PUBLISH, bytes(300_000))
    assert split(long + long[:10]) == ([long], long[:10])


def test_fail__a_length_that_never_ends() -> None:
    with pytest.raises(NotMqtt):
        split(bytes([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]))


@given(PACKETS, st.integers(0, 1000))
def test_ok__repeating_and_swapping_loses_nothing_and_leaves_the_rest_in_place(packets: list[bytes], seed: int) -> None:
    shuffler = Shuffler(random.Random(seed), repeat_chance=0.3, swap_chance=0.3)
    out, rest = split(shuffler.take(b"".join(packets)) + shuffler.flush())
    assert rest == b""
    assert set(out) == set(packets)
    assert len(out) == len(packets) + shuffler.repeated
    fixed = (PacketType.PUBLISH, PacketType.PUBACK)
    assert [p for p in out if type_of(p) not in fixed] == [p for p in packets if type_of(p) not in fixed]


@given(PACKETS)
def test_ok__without_chance_nothing_changes(packets: list[bytes]) -> None:
    assert Shuffler(random.Random(1)).take(b"".join(packets)) == b"".join(packets)
