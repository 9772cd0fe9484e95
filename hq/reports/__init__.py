"""What people and Prometheus read: events, gaps, receipts, numbers."""
