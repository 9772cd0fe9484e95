"""Add the sites and the names of gates. A start of HQ fills the sites from hq.toml (`hq.registry.sites`)."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, utc = sa.String, sa.DateTime()
    op.create_table(
        "sites",
        sa.Column("site_id", text(64), primary_key=True),
        sa.Column("name", text(80), nullable=False, server_default=""),
        sa.Column("site_group", text(64), nullable=False, server_default=""),
        sa.Column("added_utc", utc, nullable=False),
        sa.Column("added_by", text(80), nullable=False),
        sa.Column("retired_utc", utc),
        sa.Column("retired_by", text(80)),
    )
    op.create_table(
        "gate_names",
        sa.Column("gate_id", text(64), primary_key=True),
        sa.Column("name", text(80), nullable=False, server_default=""),
        sa.Column("named_by", text(80), nullable=False, server_default=""),
        sa.Column("retired_utc", utc),
        sa.Column("retired_by", text(80)),
    )
