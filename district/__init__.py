"""The people side: who works where, who is inside, and the ledger that wages hang on."""
