"""The composition root: the only place that picks adapters and joins the rooms, one file per process.

Each process loads only what it may touch: the gate's file never reaches MQTT, the sync's never a pin or a camera
(import contracts in setup.cfg).
"""
