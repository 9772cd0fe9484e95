"""The computer itself: clock, logs, key files, numbers, supervision."""
