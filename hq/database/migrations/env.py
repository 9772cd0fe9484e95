"""Alembic's way in: it runs on the connection that `hq.database.store` hands over, or from the alembic command on
`sqlalchemy.url`.
"""

from alembic import context
from sqlalchemy import create_engine

from hq.database.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    with create_engine(context.config.get_main_option("sqlalchemy.url") or "").begin() as made:
        context.configure(connection=made, target_metadata=metadata)
        context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()
