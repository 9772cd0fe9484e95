"""Who counts as a contact, why, and how sure that is. Pure."""

from district.tracing.rules.contacts import Certainty as Certainty
from district.tracing.rules.contacts import Encounter as Encounter
from district.tracing.rules.contacts import Evidence as Evidence
from district.tracing.rules.contacts import ReasonKind as ReasonKind
from district.tracing.rules.contacts import TracedPerson as TracedPerson
from district.tracing.rules.contacts import TraceLimits as TraceLimits
from district.tracing.rules.contacts import TraceRefused as TraceRefused
from district.tracing.rules.window import TraceWindow as TraceWindow
