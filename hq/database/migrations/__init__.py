"""The steps that bring a database of an earlier version to the present shape (Alembic).

`hq.database.store` applies what is missing at every start.
"""
