"""HQ's tables, for SQLAlchemy Core. Times are UTC."""

from hq.database.tables.events import erased_events as erased_events
from hq.database.tables.events import events as events
from hq.database.tables.events import quarantine as quarantine
from hq.database.tables.events import watermarks as watermarks
from hq.database.tables.gates import commands as commands
from hq.database.tables.gates import gate_lists as gate_lists
from hq.database.tables.gates import gates as gates
from hq.database.tables.gates import invitations as invitations
from hq.database.tables.gates import registrations as registrations
from hq.database.tables.lists import dirty_lists as dirty_lists
from hq.database.tables.lists import list_bases as list_bases
from hq.database.tables.lists import list_parts as list_parts
from hq.database.tables.lists import list_rows as list_rows
from hq.database.tables.lists import lists as lists
from hq.database.tables.lists import snapshots as snapshots
from hq.database.tables.metadata import metadata as metadata
from hq.database.tables.people import assignments as assignments
from hq.database.tables.people import enrolments as enrolments
from hq.database.tables.people import forgotten as forgotten
from hq.database.tables.people import index_keys as index_keys
from hq.database.tables.people import policies as policies
from hq.database.tables.people import risk_entries as risk_entries
from hq.database.tables.people import templates as templates
from hq.database.tables.people import withdrawals as withdrawals
from hq.database.tables.people import workers as workers
from hq.database.tables.tasks import pending as pending
