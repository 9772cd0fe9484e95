"""What the feed needs beside the events themselves."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

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
