"""Simulators that ship with the gate: for the demo, for replaying, and for tests. No hardware, no network."""

from edge.sim.devices import GateAct, ManualClock, RecordingGate, RecordingIndicator, Shown
from edge.sim.faulty_source import Lives, ScriptedSource, Step
from edge.sim.film import Film
from edge.sim.keyboard import KeyEvent, PatientPinCheck, SimulatedKeys, press, typed
from edge.sim.thermometer import SimulatedThermometer
from edge.sim.walk_up_script import Light, Person, Scene, Script, ScriptError, load_script
from edge.sim.walk_up_source import WalkUpSource

__all__ = [
    "Film",
    "GateAct",
    "KeyEvent",
    "Light",
    "Lives",
    "ManualClock",
    "PatientPinCheck",
    "Person",
    "RecordingGate",
    "RecordingIndicator",
    "Scene",
    "Script",
    "ScriptError",
    "ScriptedSource",
    "Shown",
    "SimulatedKeys",
    "SimulatedThermometer",
    "Step",
    "WalkUpSource",
    "load_script",
    "press",
    "typed",
]
