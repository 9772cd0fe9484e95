"""The pages over everything: the first page of each role, search, saved views, language."""
