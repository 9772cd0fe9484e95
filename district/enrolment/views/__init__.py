"""The pages of enrolment: the worker's own, and the clerk's."""
