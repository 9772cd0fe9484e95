"""Tables of courses, of learning, and of its proof."""

from district.training.models.classes import ClassMoment as ClassMoment
from district.training.models.classes import ClassSession as ClassSession
from district.training.models.courses import Course as Course
from district.training.models.courses import CourseMedia as CourseMedia
from district.training.models.courses import CoursePage as CoursePage
from district.training.models.courses import CourseQuestion as CourseQuestion
from district.training.models.courses import MediaPart as MediaPart
from district.training.models.learning import CourseAttempt as CourseAttempt
from district.training.models.learning import CourseCompletion as CourseCompletion
from district.training.models.learning import Learning as Learning
from district.training.models.learning import TrainingProof as TrainingProof
