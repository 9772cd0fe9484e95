"""Tables of cases."""

from district.cases.models.case import Case as Case
from district.cases.models.duty import CalendarDay as CalendarDay
from district.cases.models.duty import DutyHours as DutyHours
from district.cases.models.notices import CaseBroadcast as CaseBroadcast
from district.cases.models.notices import CaseNotice as CaseNotice
from district.cases.models.notices import CaseTally as CaseTally
from district.cases.models.notices import CaseTrigger as CaseTrigger
from district.cases.models.parts import CasePhoto as CasePhoto
from district.cases.models.parts import CaseStep as CaseStep
from district.cases.models.parts import MeasureCase as MeasureCase
from district.cases.models.parts import OfCase as OfCase
from district.cases.models.parts import ResponseStep as ResponseStep
