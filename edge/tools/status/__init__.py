"""Show how the gate on this machine is, once or live. Only read what its processes write."""
