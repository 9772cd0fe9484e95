"""The pages about visitors: registering, badges, who is in, leaving."""
