"""The connection to an MQTT broker, as the gate and HQ both have it: its sentences, rights and sessions."""
