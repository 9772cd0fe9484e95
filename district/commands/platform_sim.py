"""`sitegate-district platform-sim`: a small real-name platform for tries and demonstrations."""

from datetime import timedelta
from typing import Annotated, Literal

import typer

from district.commands.context import out
from district.platform_sim import DEMO_SECRET


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("platform-sim")(platform_sim)


def platform_sim(
    projects: Annotated[list[str], typer.Argument(help="Codes of projects, as in the sites' platform code.")],
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1.")] = 8095,
    signer: Annotated[Literal["national", "md5", "md5-body"], typer.Option(help="How calls are signed.")] = "national",
    calls_per_minute: Annotated[int, typer.Option(min=1, help="More calls are refused.")] = 600,
    result_after_s: Annotated[float, typer.Option(min=0, max=3600, help="Seconds until a result is ready.")] = 1.0,
    secret: Annotated[str, typer.Option(help="Each project's secret; its app id is its code.")] = DEMO_SECRET,
) -> None:
    """Run a real-name platform that keeps nothing: it checks signature, encryption, fields and code tables.

    Example: sitegate-district platform-sim 440605001 440605002
    """
    import uvicorn

    from district.platform_sim.platform import platform
    from district.platform_sim.server import app as server

    made = platform(signer, [(code, code, secret) for code in projects])
    made.calls_per_minute, made.result_after = calls_per_minute, timedelta(seconds=result_after_s)
    out.print(f"platform: http://127.0.0.1:{port}/open.api  its contents: http://127.0.0.1:{port}/", highlight=False)
    uvicorn.run(server(made), host="127.0.0.1", port=port, log_level="warning")
