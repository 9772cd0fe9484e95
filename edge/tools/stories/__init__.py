"""Play stories through the real gate on a manual clock: what happens, what must come of it, and a picture of both."""
