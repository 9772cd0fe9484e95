"""HQ's keys, sites' keys, encryption at rest."""
