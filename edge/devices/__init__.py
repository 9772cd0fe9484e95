"""Devices wired to the gate: relay and contacts, readers, lamps and voice, thermometer."""
