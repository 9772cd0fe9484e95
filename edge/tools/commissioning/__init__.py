"""Signing a gate off: a guided self-test with a technician, a signed record of it, and a certificate to print."""
