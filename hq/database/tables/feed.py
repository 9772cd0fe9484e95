"""What the feed needs beside the events themselves."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from hq.database.column_types import UtcTime
from hq.database.tables.metadata import metadata

event_changes = Table(
    "event_changes",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("change", Integer, primary_key=True),
    Column("token", String(16), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("why", String(16), nullable=False),
)
"""Events of a journal that HQ changed after it stored them, numbered in the order of their commits.
`token`: random. A database that was restored from a backup numbers other changes alike, with other tokens."""

feed_readers = Table(
    "feed_readers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("read_utc", UtcTime, nullable=False),
)
"""Readers of the feed who asked to be waited for, and the cursor that each has stored."""

journal_starts = Table(
    "journal_starts",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("first_codes", Text, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("removed_utc", UtcTime, nullable=False),
)
"""Journals whose oldest events were removed by age: number and hash of the last removed event, where the chain begins.
`begun`: row id of the journal's first event. `first_codes`: the reasons of its first events, as JSON.
`losses`: how many removed events reported lost ones."""
