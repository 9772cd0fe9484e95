"""`sitegate-hq feed`: events for other programs."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_json

from common.terminal.console import Table
from hq.commands.console import err, out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.database.feed_readers import feed_readers, forget_reader
from hq.feed import Feed, FeedEntry, FeedPage
from hq.feed.cursor import BadCursor, FeedCursor, write_cursor
from hq.feed.feed import LIMIT, LIMIT_MAX
from hq.feed.server import feed_app, listening, server_of, token_of
from hq.keys.rotation import replace_file

app = typer.Typer(help="HQ's events for other programs, exactly once (docs/FEED.md).", no_args_is_help=True)

TOKEN = "feed.token"


@app.command()
def read(
    folder: Folder = Path(),
    cursor: Annotated[
        Path | None, typer.Option("--cursor", help="A file that keeps how far you are; made if there is none.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="Entries of one page.")] = LIMIT,
    reader: Annotated[
        str, typer.Option("--reader", help="A name; HQ then removes no event that this reader has not stored.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Print everything after a cursor, one entry a line, and move the cursor page by page.

    Exit code 2 if HQ holds less of a journal than was read before: it was restored from a backup.

    Example: sitegate-hq feed read --cursor reader.cursor --json
    """
    at = _cursor_in(cursor) if cursor is not None else ""
    with opened(folder) as (_config, _people, _publisher, store):
        feed = Feed(store)
        while True:
            page = feed.read(at, limit, reader)
            for entry in page.entries:
                _show(entry, as_json=as_json)
            out.file.flush()
            at = page.cursor
            if cursor is not None:  # only now: what was not printed is printed again
                replace_file(cursor, at.encode())
            if not page.more:
                break
    _show_lag(page)


@app.command()
def readers(
    folder: Folder = Path(),
    forget: Annotated[str, typer.Option("--forget", help="Wait for this reader no more.")] = "",
    as_json: Json = False,
) -> None:
    """Show the readers that HQ waits for before it removes old events, and when each last stored something.

    Example: sitegate-hq feed readers --forget payroll
    """
    with opened(folder) as (_config, _people, _publisher, store):
        if forget:
            with store.write() as db:
                known = forget_reader(db, forget)
            return out.print(f"{forget} is forgotten" if known else f"there is no reader {forget}", highlight=False)
        with store.read() as db:
            rows = [(row.name, row.read_utc) for row in feed_readers(db)]
    if as_json:
        return print_json([{"name": name, "read_utc": utc} for name, utc in rows])
    table = Table("reader", "last stored")
    for name, utc in rows:
        table.add_row(name, time_text(utc))
    return print_table(table)


@app.command()
def serve(
    folder: Folder = Path(),
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8790,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help=f"The readers' token; without it, {TOKEN} in HQ's folder.")
    ] = None,
) -> None:
    """Serve the feed over HTTP until interrupted. Make the file of the token if there is none.

    Beyond this machine put a reverse proxy with TLS before it.

    Example: sitegate-hq feed serve --port 8790
    """
    with opened(folder) as (config, _people, _publisher, store):
        path = token_file or config.folder / TOKEN
        server = server_of(feed_app(Feed(store), token_of(path)))
        with listening(host, port) as socket:
            out.print(f"the feed is at http://{host}:{socket.getsockname()[1]}/v1/feed; token: {path}", highlight=False)
            server.run(sockets=[socket])


def register(main: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    main.add_typer(app, name="feed")


def _show(entry: FeedEntry, *, as_json: bool) -> None:
    if as_json:
        return out.print(to_json(entry).decode(), highlight=False, markup=False)
    utc = time_text(entry.corrected_utc or entry.utc)
    said = f"{utc}  {entry.gate_id}  {entry.line}  {entry.seq:>6}  {entry.kind.value:<8} {entry.type:<9} {entry.reason}"
    return out.print(f"{said} {entry.worker_id or ''} {entry.why}".rstrip(), highlight=False, markup=False)


def _show_lag(page: FeedPage) -> None:
    for lag in page.behind:
        err.print(
            f"{lag.gate_id} {lag.line}: you have {lag.reader_seq} events, HQ {lag.hq_seq}: it was restored from a "
            "backup. Keep yours; the gate sends again what it still holds",
            markup=False,
        )
    if page.behind:
        raise typer.Exit(2)


def _cursor_in(path: Path) -> str:
    """Read the cursor, or write that of the beginning. So it is known before the work that it can be written.

    Raises BadCursor for an empty file: to begin again without a word would report every event a second time.
    """
    at = path.read_text(encoding="utf-8") if path.exists() else write_cursor(FeedCursor())
    if not at.strip():
        raise BadCursor(f"{path} is empty, perhaps cut off by a full disk: delete it to read from the beginning")
    replace_file(path, at.encode())
    return at
