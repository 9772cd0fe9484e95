"""The page of the guard: who is here, letting somebody in, locking down."""
