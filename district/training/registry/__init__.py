"""Make courses and classes, learn, and take proofs. Each change is one transaction with its audit entry."""

from district.training.registry.classes import ask_step as ask_step
from district.training.registry.classes import cancel_class as cancel_class
from district.training.registry.classes import close_class as close_class
from district.training.registry.classes import plan_class as plan_class
from district.training.registry.courses import COURSE_FIELDS as COURSE_FIELDS
from district.training.registry.courses import add_page as add_page
from district.training.registry.courses import add_question as add_question
from district.training.registry.courses import change_course as change_course
from district.training.registry.courses import make_course as make_course
from district.training.registry.courses import move_page as move_page
from district.training.registry.courses import publish as publish
from district.training.registry.courses import remove_page as remove_page
from district.training.registry.courses import remove_question as remove_question
from district.training.registry.courses import retire as retire
from district.training.registry.learning import answer as answer
from district.training.registry.learning import asked_now as asked_now
from district.training.registry.learning import courses_of as courses_of
from district.training.registry.learning import read_page as read_page
from district.training.registry.learning import start as start
from district.training.registry.proofs import confirm_class_step as confirm_class_step
from district.training.registry.proofs import confirm_learning as confirm_learning
from district.training.registry.proofs import take_proof as take_proof
