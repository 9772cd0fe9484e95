"""What the gates and phones said, what is projected from it, and what people asked to correct."""

from district.attendance.models.corrections import Correction as Correction
from district.attendance.models.corrections import MonthConfirmation as MonthConfirmation
from district.attendance.models.passages import AtSite as AtSite
from district.attendance.models.passages import FeedGap as FeedGap
from district.attendance.models.passages import FeedLine as FeedLine
from district.attendance.models.passages import Passage as Passage
from district.attendance.models.passages import UnplacedEntry as UnplacedEntry
from district.attendance.models.projections import Day as Day
from district.attendance.models.projections import Stay as Stay
from district.attendance.models.site_rules import Entrance as Entrance
from district.attendance.models.site_rules import PhoneMark as PhoneMark
from district.attendance.models.site_rules import Shift as Shift
from district.attendance.models.site_rules import SiteRules as SiteRules
from district.attendance.models.wages import Payroll as Payroll
from district.attendance.models.wages import PayrollLine as PayrollLine
