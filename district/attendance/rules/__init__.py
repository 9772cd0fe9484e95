"""The pure rules of attendance: working time, shifts, the feed's entries, entrances, payrolls."""
