"""Simulators that ship with the gate: for the demo, for replaying, and for tests. No hardware, no network."""

from edge.sim.devices import GateAct, IndicatorRecord, ManualClock, RecordingGate, RecordingIndicator
from edge.sim.faulty_source import ScriptedSource, SourceSequence, SourceStep
from edge.sim.film import Film
from edge.sim.keyboard import ImmediatePinCodeCheck, KeyEvent, SimulatedKeyboard, press, typed
from edge.sim.thermometer import SimulatedThermometer
from edge.sim.walk_up_script import FilmPerson, Light, Scene, ScriptError, WalkUpScript, load_script
from edge.sim.walk_up_source import WalkUpSource

__all__ = [
    "Film",
    "FilmPerson",
    "GateAct",
    "ImmediatePinCodeCheck",
    "IndicatorRecord",
    "KeyEvent",
    "Light",
    "ManualClock",
    "RecordingGate",
    "RecordingIndicator",
    "Scene",
    "ScriptError",
    "ScriptedSource",
    "SimulatedKeyboard",
    "SimulatedThermometer",
    "SourceSequence",
    "SourceStep",
    "WalkUpScript",
    "WalkUpSource",
    "load_script",
    "press",
    "typed",
]
