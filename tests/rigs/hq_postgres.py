"""A real PostgreSQL server of the tests' own."""

from hq.bench.servers import Postgres as Postgres
