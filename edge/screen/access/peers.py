"""Identify the other end of a TCP connection: another machine, or a user of this one.

The kernel answers, by sock_diag (as `ss` asks it), else by /proc/net/tcp. A process cannot change the owner of its
sockets.
"""

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Address = tuple[str, int]

NOBODY = 65_534
"""How the kernel calls every user that a user namespace does not know."""

_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _NLMSG_ERROR = 4, 20, 1, 2
_HEADER, _ANY_STATE, _NO_COOKIE = struct.Struct("=IHHII"), 0xFFFFFFFF, struct.pack("=II", 0xFFFFFFFF, 0xFFFFFFFF)
_ANSWER_OWNER = struct.Struct("=II")  # idiag_uid, idiag_inode of struct inet_diag_msg
_OWNER_AT = _HEADER.size + 4 + 48 + 12
_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end. `uid`: user of the process on this machine; None if it is another machine's, or the end is
    closed."""

    address: str
    local: bool
    uid: int | None = None

    @property
    def name(self) -> str:
        """Name for limits, logs and the audit trail: one user, or one machine (of IPv6: one network)."""
        if self.local:
            return f"user {self.uid}" if self.uid is not None else "nobody"
        address = ipaddress.ip_address(self.address.partition("%")[0])
        return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else self.address


def peer_of(theirs: Address, ours: Address) -> Peer:
    """Identify the peer at `theirs`, seen from our end `ours`."""
    there, here = _plain(theirs[0]), _plain(ours[0])
    if there != here and not ipaddress.ip_address(there.partition("%")[0]).is_loopback:
        return Peer(there, local=False)
    return Peer(there, True, owner((there, theirs[1]), (here, ours[1])))


def owner(of: Address, other: Address) -> int | None:
    """The user whose socket is bound to `of` and connected to `other`; None if there is none (any more)."""
    ask: Callable[[Address, Address], int | None]
    for ask in (_ask_kernel, _read_proc):
        try:
            return ask(of, other)
        except OSError:  # no sock_diag here, or not allowed
            continue
    return None


def owner_of(path: Path) -> int | None:
    """The user a folder or file belongs to; None if it is not there."""
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def _plain(address: str) -> str:
    """Turn ::ffff:a.b.c.d, as an IPv6 socket shows an IPv4 address, into a.b.c.d."""
    text, percent, zone = address.partition("%")
    found = ipaddress.ip_address(text)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped) if mapped else f"{found}{percent}{zone}"


def _packed(address: str) -> tuple[int, bytes]:
    found = ipaddress.ip_address(address.partition("%")[0])
    return (socket.AF_INET if found.version == 4 else socket.AF_INET6), found.packed


def _ask_kernel(of: Address, other: Address) -> int | None:
    """Ask by struct inet_diag_req_v2 (linux/inet_diag.h). Raises OSError if the kernel does not answer."""
    family, source = _packed(of[0])
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE)
    request += (
        struct.pack("!HH16s16s", of[1], other[1], source, _packed(other[0])[1]) + struct.pack("=I", 0) + _NO_COOKIE
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_WAIT_S)
        size = _HEADER.size + len(request)
        kernel.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + request)
        answer = kernel.recv(4096)
    if _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
        number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        if number == errno.ENOENT:
            return None
        raise OSError(number, os.strerror(number))
    uid, inode = _ANSWER_OWNER.unpack_from(answer, _OWNER_AT)
    return uid if inode else None  # without an inode its process has closed it, and the kernel says "root"


def _read_proc(of: Address, other: Address) -> int | None:
    """Ask by /proc/net/tcp and tcp6. Raises OSError if they cannot be read."""
    wanted = _in_hex(of), _in_hex(other)
    mapped = _in_hex(of, mapped=True), _in_hex(other, mapped=True)
    for name in ("tcp", "tcp6"):
        for line in Path("/proc/net", name).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if (fields[1], fields[2]) in (wanted, mapped):
                return int(fields[7]) if fields[9] != "0" else None
    return None


def _in_hex(address: Address, *, mapped: bool = False) -> str:
    _, packed = _packed(address[0])
    if mapped and len(packed) == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"
