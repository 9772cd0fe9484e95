"""A small invented district for demonstrations, with links that sign in. Never part of a real district."""
