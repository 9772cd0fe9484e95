"""HQ's keys and the sites', how they change, and encryption at rest."""
