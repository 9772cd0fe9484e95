"""Enrolment without a technician: invitations, the worker's own phone pages, photos that become templates."""
