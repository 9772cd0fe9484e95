"""Open pages of the screen, as so many browsers at once. Each follows the stream and asks again at each change.

    python -m edge.tools.bench.viewers PORT COUNT SECONDS [USER]     the session's cookie stands on standard input

USER: the number of the user that it becomes.

It prints one line of JSON. That is how many streams were open, changes heard, and the times of the questions in ms.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass, field

from common.processes import follow_parent

STREAM, PART = "/events", "/office/now"
SOON_S, SPREAD_S = 0.06, 0.24


@dataclass(slots=True)
class Seen:
    """What the viewers saw. `open`: most streams at one time."""

    open: int = 0
    most: int = 0
    changes: int = 0
    asked_ms: list[float] = field(default_factory=list)


async def watch(port: int, count: int, seconds: float, cookie: str) -> Seen:
    """Run the viewers for a while."""
    seen = Seen()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(_viewer(port, cookie, seen) for _ in range(count)))
    return seen


async def _viewer(port: int, cookie: str, seen: Seen) -> None:
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await _follow(port, cookie, seen)
        await asyncio.sleep(0.2)  # as the stream asks browsers to wait


async def _follow(port: int, cookie: str, seen: Seen) -> None:
    reader, writer = await _ask(port, STREAM, cookie)
    opened, asking = False, None
    try:
        while line := await reader.readline():
            if not opened:
                opened = line.startswith(b"HTTP/1.1 200")
                seen.open += opened
                seen.most = max(seen.most, seen.open)
            if line.startswith(b"event: changed"):
                seen.changes += 1
                if asking is None or asking.done():
                    asking = asyncio.create_task(_part(port, cookie, seen))
    finally:
        seen.open -= opened
        writer.close()


async def _part(port: int, cookie: str, seen: Seen) -> None:
    """Ask for the changing part, as static/live.js does."""
    await asyncio.sleep(SOON_S + random.random() * SPREAD_S)
    begun = time.perf_counter()
    with contextlib.suppress(OSError):
        reader, writer = await _ask(port, PART, cookie)
        await reader.read()
        writer.close()
        seen.asked_ms.append((time.perf_counter() - begun) * 1000)


async def _ask(port: int, path: str, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    return reader, writer


if __name__ == "__main__":
    follow_parent()
    if len(sys.argv) > 4:
        os.setgroups([])
        os.setgid(int(sys.argv[4]))
        os.setuid(int(sys.argv[4]))
    found = asyncio.run(watch(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.stdin.readline().strip()))
    sys.stdout.write(json.dumps(asdict(found)) + "\n")
