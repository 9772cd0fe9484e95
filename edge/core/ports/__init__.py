"""Ports: what the loop needs from the world. Real and simulated adapters pass the same tests."""

from edge.core.ports.clock import Clock, ClockBounds
from edge.core.ports.credentials import CardReader, CodeReader, PinCodeCheck
from edge.core.ports.devices import Gate, Indicator, Thermometer
from edge.core.ports.errors import DeskError, GateError, JournalError, JournalHeld
from edge.core.ports.journal import Disk, E, Journal, JournalMemory, JournalReader
from edge.core.ports.lists import HighWaterMarks, Presence, Roster
from edge.core.ports.recognition import Camera, Matcher, Preview, ScoreCountStore
from edge.core.ports.requests import DeskRequestSource, TechnicianRequestSource

__all__ = [
    "Camera",
    "CardReader",
    "Clock",
    "ClockBounds",
    "CodeReader",
    "DeskError",
    "DeskRequestSource",
    "Disk",
    "E",
    "Gate",
    "GateError",
    "HighWaterMarks",
    "Indicator",
    "Journal",
    "JournalError",
    "JournalHeld",
    "JournalMemory",
    "JournalReader",
    "Matcher",
    "PinCodeCheck",
    "Presence",
    "Preview",
    "Roster",
    "ScoreCountStore",
    "TechnicianRequestSource",
    "Thermometer",
]
