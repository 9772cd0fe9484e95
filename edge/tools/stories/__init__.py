"""Stories played through the real gate on a clock set by hand: what happens, what must come of it, and a picture of both."""
