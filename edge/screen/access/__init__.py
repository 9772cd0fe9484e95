"""Who may see what: roles, sessions, sign-in, checks of requests and connections."""
