"""Try a gate during commissioning, step by step. Each step measures what it can and asks for the rest.

A step that finds a problem does not end the others: the technician sees everything that is wrong.
"""

from edge.core.domain import GateSignal
from edge.tools.commissioning.camera_steps import camera, light, photo
from edge.tools.commissioning.gate_steps import fire, lamps, relay, sensor, sound
from edge.tools.commissioning.trial import Step

STEPS: dict[str, Step] = {
    "camera": camera,
    "photo": photo,
    "light": light,
    "lamps": lamps,
    "sound": sound,
    "relay": relay,
    "passage sensor": sensor("passage sensor", "passage_pin", "Walk in through the gate once.", GateSignal.PASSED),
    "rotation": sensor("rotation", "rotation_pin", "Walk in through the gate once, slowly.", GateSignal.PASSED),
    "door": sensor(
        "door", "door_pin", "Open the door and close it again.", GateSignal.DOOR_OPENED, GateSignal.DOOR_CLOSED
    ),
    "exit button": sensor("exit button", "rex_pin", "Press the exit button.", GateSignal.REX),
    "tamper": sensor(
        "tamper", "tamper_pin", "Open the housing and close it again.", GateSignal.TAMPER, GateSignal.TAMPER_OVER
    ),
    "fire reset": sensor("fire reset", "reset_pin", "Turn the key switch that ends a fire release.", GateSignal.RESET),
    "fire": fire,
}
"""The steps that need a technician, in this order. `edge.tools.selfcheck` checks clock, disk, keys, weights, lists and
broker."""
