"""The page of the technician: what the machine needs, without names."""
