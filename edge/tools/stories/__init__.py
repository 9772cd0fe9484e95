"""Play stories through the real gate on a manual clock, compare the outcome, and draw both."""
