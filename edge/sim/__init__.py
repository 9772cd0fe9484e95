"""Simulators that ship with the gate: for the demo, for replaying, and for tests. No hardware, no network."""

from edge.sim.devices import GateAct, ManualClock, RecordingGate, RecordingIndicator, Shown
from edge.sim.faulty import Lives, ScriptedSource, Step
from edge.sim.film import Film
from edge.sim.script import Light, Person, Scene, Script, ScriptError, load_script
from edge.sim.source import WalkUpSource
from edge.sim.thermometer import SimulatedThermometer

__all__ = [
    "Film",
    "GateAct",
    "Light",
    "Lives",
    "ManualClock",
    "Person",
    "RecordingGate",
    "RecordingIndicator",
    "Scene",
    "Script",
    "ScriptError",
    "ScriptedSource",
    "Shown",
    "SimulatedThermometer",
    "Step",
    "WalkUpSource",
    "load_script",
]
