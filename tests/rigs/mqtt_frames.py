"""Just enough of MQTT 5 to tell packets apart: what a network that repeats and reorders whole messages needs."""

import random
from dataclasses import dataclass, field
from enum import IntEnum


class PacketType(IntEnum):
    """MQTT 5.0, 2.1.2: the upper four bits of a packet's first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class NotMqtt(ValueError):
    """A remaining length of more than four bytes."""


def split(stream: bytes) -> tuple[list[bytes], bytes]:
    """The whole packets at the beginning of a stream, and what is left. Raises NotMqtt."""
    packets, at = [], 0
    while (end := _end(stream, at)) is not None:
        packets.append(stream[at:end])
        at = end
    return packets, stream[at:]


def type_of(packet: bytes) -> int:
    return packet[0] >> 4


def _end(stream: bytes, start: int) -> int | None:
    """Where the packet that begins at `start` ends; None if that is not here yet. 1.5.5: variable byte integer."""
    length = shift = 0
    for at in range(start + 1, len(stream)):
        length |= (stream[at] & 0x7F) << shift
        if not stream[at] & 0x80:
            end = at + 1 + length
            return end if end <= len(stream) else None
        shift += 7
        if shift > 21:
            raise NotMqtt("no MQTT packet: its length has more than four bytes")
    return None


@dataclass
class Shuffler:
    """One direction of a connection: repeats PUBLISH and PUBACK, and swaps them with what follows."""

    dice: random.Random
    repeat_chance: float = 0.0
    swap_chance: float = 0.0
    repeated: int = 0
    swapped: int = 0
    _rest: bytes = b""
    _held: bytes = field(default=b"", repr=False)

    def take(self, data: bytes) -> bytes:
        """What to send now; a packet that is held back goes out behind the next one, or with `flush`."""
        packets, self._rest = split(self._rest + data)
        out = []
        for packet in packets:
            if type_of(packet) not in (PacketType.PUBLISH, PacketType.PUBACK):
                out += [self.flush(), packet]
                continue
            if self.dice.random() < self.repeat_chance:
                self.repeated += 1
                out.append(packet)
            if not self._held and self.dice.random() < self.swap_chance:
                self._held = packet
                continue
            out.append(packet)
            if self._held:
                self.swapped += 1
                out.append(self.flush())
        return b"".join(out)

    def flush(self) -> bytes:
        """What was held back; for when nothing follows."""
        held, self._held = self._held, b""
        return held
