"""The demonstration: a broker, HQ and a gate on this machine, and people walking up out of real photos."""
