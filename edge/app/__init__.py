"""The composition root, one file per process: the only place that picks adapters and joins the rooms.

Each process loads only what it may touch. The gate's file never reaches MQTT, the sync's never a pin or a camera
(import contracts in setup.cfg).
"""
