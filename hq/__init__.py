"""HQ: receives every gate's events, acknowledges them, and publishes roster, risk list and policy."""
