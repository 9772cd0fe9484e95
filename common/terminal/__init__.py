"""What the commands `sitegate` and `sitegate-hq` share: how they print and how they show errors. Knows no message."""
