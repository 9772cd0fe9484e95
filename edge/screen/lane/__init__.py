"""The page that the worker sees."""
