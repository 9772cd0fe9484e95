"""What a measurement raises when this machine does not allow it."""


class BenchError(RuntimeError):
    """Something the measurement needs is missing. The text says what to do."""
