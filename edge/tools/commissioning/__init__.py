"""Commission a gate: a guided test with a technician, a signed record of it, and a certificate to print."""
