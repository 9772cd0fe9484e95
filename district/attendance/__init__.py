"""Who is inside, attendance days, the month ledger and the muster list."""
