"""Enrolment from many photos: whose photo is whose, and the process that makes the templates."""
