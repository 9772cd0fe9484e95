"""How HQ's database came to its present shape, step by step (Alembic). `hq.database.store` applies what is missing at every start."""
