"""The sitegate-hq command, one file a group."""
