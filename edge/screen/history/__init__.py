"""The past of this gate: events of a day, refusals and their end, trends, attendance."""
