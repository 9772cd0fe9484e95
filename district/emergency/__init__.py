"""Emergency measures: each has a purpose, a legal basis and an end date, and its data erase themselves."""
