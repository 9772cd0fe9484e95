"""The gate's values. They touch nothing outside the process."""

from edge.core.domain.credentials import Claim, ReaderEntry, TrainingClaim
from edge.core.domain.decision import Circumstances, Decision, LastPassage
from edge.core.domain.devices import CameraStatus, GateSignal, ReaderStatus, ThermometerStatus, Tone
from edge.core.domain.history import DecisionRow, HistoryKind, HistoryPage, HistoryQuery, WorkerPassage
from edge.core.domain.identification import Candidate, Identification, QualityFault, Sight
from edge.core.domain.journal import Incident, JournalSize
from edge.core.domain.lists import ListAge, ListMark, RosterState, Worker
from edge.core.domain.live_state import DiskState, LiveState, Recognition
from edge.core.domain.muster import MusterList, MusterPerson
from edge.core.domain.requests import (
    ADMIT,
    COMMISSION,
    CONFIRM_TRAINING,
    ENROL,
    LOCK_DOWN,
    RELEASE_LOCK_DOWN,
    AdmitRequest,
    CommissioningRequest,
    ConfirmTrainingRequest,
    DeskRequest,
    EnrolmentRequest,
    LockDownRequest,
    TechnicianRequest,
)
from edge.core.domain.standing import SiteStandings, WorkerStanding
from edge.core.domain.vision import Face, Frame, Image, Points, Template, Vector
from edge.core.domain.visitors import (
    VISITOR,
    VISITOR_LEFT,
    VisitorLeftRequest,
    VisitorPass,
    VisitorRequest,
)

__all__ = [
    "ADMIT",
    "COMMISSION",
    "CONFIRM_TRAINING",
    "ENROL",
    "LOCK_DOWN",
    "RELEASE_LOCK_DOWN",
    "VISITOR",
    "VISITOR_LEFT",
    "AdmitRequest",
    "CameraStatus",
    "Candidate",
    "Circumstances",
    "Claim",
    "CommissioningRequest",
    "ConfirmTrainingRequest",
    "Decision",
    "DecisionRow",
    "DeskRequest",
    "DiskState",
    "EnrolmentRequest",
    "Face",
    "Frame",
    "GateSignal",
    "HistoryKind",
    "HistoryPage",
    "HistoryQuery",
    "Identification",
    "Image",
    "Incident",
    "JournalSize",
    "LastPassage",
    "ListAge",
    "ListMark",
    "LiveState",
    "LockDownRequest",
    "MusterList",
    "MusterPerson",
    "Points",
    "QualityFault",
    "ReaderEntry",
    "ReaderStatus",
    "Recognition",
    "RosterState",
    "Sight",
    "SiteStandings",
    "TechnicianRequest",
    "Template",
    "ThermometerStatus",
    "Tone",
    "TrainingClaim",
    "Vector",
    "VisitorLeftRequest",
    "VisitorPass",
    "VisitorRequest",
    "Worker",
    "WorkerPassage",
    "WorkerStanding",
]
