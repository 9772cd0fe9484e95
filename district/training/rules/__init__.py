"""What training goes by: tests, media and classroom sessions. Pure."""

from district.training.rules.classes import MOMENT_LASTS as MOMENT_LASTS
from district.training.rules.classes import START_LASTS as START_LASTS
from district.training.rules.classes import ClassTimes as ClassTimes
from district.training.rules.classes import Shown as Shown
from district.training.rules.classes import Step as Step
from district.training.rules.classes import drawn_moments as drawn_moments
from district.training.rules.classes import steps_lacking as steps_lacking
from district.training.rules.exams import AskedQuestion as AskedQuestion
from district.training.rules.exams import draw as draw
from district.training.rules.exams import passes as passes
from district.training.rules.exams import read_choices as read_choices
from district.training.rules.exams import write_choices as write_choices
from district.training.rules.media import MEDIA_MAX as MEDIA_MAX
from district.training.rules.media import media_kind as media_kind
from district.training.rules.refusals import TrainingRefused as TrainingRefused
