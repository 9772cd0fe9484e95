"""A real PostgreSQL server of the tests' own."""

from hq.bench_servers import Postgres as Postgres
