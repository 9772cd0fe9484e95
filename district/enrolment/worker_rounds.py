"""Enrolment's part of the worker."""

from district.enrolment.photos import judge_photos
from district.exchange.rounds import Round

ROUNDS: tuple[Round, ...] = (judge_photos,)
