"""What people and Prometheus read: gaps, receipts, numbers."""
