"""Events in: check the sender, keep the order, store each event once."""
