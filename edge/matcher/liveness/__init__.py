"""A person, or a picture of one."""
