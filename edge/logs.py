"""Structured logs on standard error: for people on a terminal, JSON lines for the system journal."""

import logging
import sys

import structlog


def configure_logs(*, as_json: bool = False, level: int = logging.INFO) -> None:
    """Once per process. Never logs names, templates or pictures: callers pass ids and facts only."""
    json_lines = as_json or not sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.dict_tracebacks] if json_lines else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up at each line and never cached: a log must not fail because somebody replaced the stream.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
