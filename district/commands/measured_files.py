"""Measure exports: when the first byte comes, how long the file takes, and what the process needs for it."""

import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from common.processes import Processes
from district.commands.measured_load import WebServer
from district.commands.measured_pages import RolePages
from district.config import DistrictConfig

AT_MOST_S = 15.0
"""A file that takes longer is given up, and said so."""
_PIECE = 2**16


def measure_files(config: DistrictConfig, pages: RolePages) -> list[dict[str, Any]]:
    """Take one file of each list, of a whole district."""
    with Processes() as children:
        server = WebServer(config, children, workers=1)
        return [_measure(server, pages.session, address) for address in _one_of_each(pages.files)]


def _measure(server: WebServer, session: str, address: str) -> dict[str, Any]:
    before_mb, begun_s = sum(server.memory_mb), time.perf_counter()
    connection, answer = server.get(address, session)
    size = len(answer.read(1))
    first_s = time.perf_counter() - begun_s
    while (piece := answer.read(_PIECE)) and time.perf_counter() - begun_s < AT_MOST_S:
        size += len(piece)
    took_s = time.perf_counter() - begun_s
    connection.close()
    return {
        "file": address,
        "status": answer.status,
        "first_byte_s": round(first_s, 2),
        "seconds": round(took_s, 1),
        "mb": round(size / 1e6, 2),
        "whole": not piece,
        "more_memory_mb": sum(server.memory_mb) - before_mb,
    }


def _one_of_each(files: Sequence[str]) -> Iterator[str]:
    """Yield the plainest address of each list and format."""
    seen = set[tuple[str, str]]()
    for address in sorted(files, key=lambda one: (len(one), one)):
        parts = urlsplit(address)
        wanted = dict(parse_qsl(parts.query)).get("format", "")
        if wanted and (parts.path, wanted) not in seen:
            seen.add((parts.path, wanted))
            yield address
