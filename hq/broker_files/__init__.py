"""Configuration, access list, passwords and certificates for a mosquitto that gates and HQ meet at."""
