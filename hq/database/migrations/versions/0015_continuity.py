"""Add the lease, the state of the database, the files of changes, restorations, and the digest of each list version.

Versions of lists become large numbers: HQ goes past the versions that gates hold.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None

_VERSIONS = (
    ("list_versions", "list_version"),
    ("list_parts", "list_version"),
    ("list_bases", "list_version"),
    ("list_bases", "delta_version"),
    ("list_snapshots", "list_version"),
)


def upgrade() -> None:
    op.add_column("list_versions", sa.Column("digest", sa.String(64)))
    if op.get_bind().dialect.name != "sqlite":  # where every integer is large already
        for table, column in _VERSIONS:
            op.alter_column(table, column, type_=sa.BigInteger())
    op.create_table(
        "list_floors",
        sa.Column("site_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("list_version", sa.BigInteger(), nullable=False),
    )
    _tables()


def _tables() -> None:
    text, utc = sa.String, sa.DateTime()
    number = "id", sa.Integer()
    op.create_table(
        "leases",
        sa.Column(*number, primary_key=True, autoincrement=False),
        sa.Column("token", text(64), nullable=False),
        sa.Column("host", text(255), nullable=False),
        sa.Column("machine", text(200), nullable=False),
        sa.Column("process", text(80), nullable=False),
        sa.Column("folder", text(1000), nullable=False),
        sa.Column("started_utc", utc, nullable=False),
        sa.Column("renewed_s", sa.Float(53), nullable=False),
    )
    op.create_table(
        "database_states",
        sa.Column(*number, primary_key=True, autoincrement=False),
        sa.Column("state", text(16), nullable=False),
        sa.Column("place", text(1000), nullable=False),
        sa.Column("changed_utc", utc, nullable=False),
    )
    op.create_table(
        "change_logs",
        sa.Column("log_id", text(64), primary_key=True),
        sa.Column("applied", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "restorations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("found_utc", utc, nullable=False),
        sa.Column("backup_utc", utc),
        sa.Column("what", text(1000), nullable=False),
        sa.Column("seen_utc", utc),
        sa.Column("seen_by", text(80)),
        sa.Column("why", text(500)),
    )
