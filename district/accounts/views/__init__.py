"""Pages of accounts: joining, one's own, others', and the audit record."""
