"""People: who they are, what they hold, where they work, what they consented to."""

from district.people.models.consents import Consent, Invitation
from district.people.models.person import OfPerson, Person, PersonEmployer, PersonScope, in_force, lasts
from district.people.models.possessions import AccessCard, BankAccount, Certificate, IdDocument, Insurance
from district.people.models.records import DuplicateCandidate, Merge
from district.people.models.requirements import RequiredTraining
from district.people.models.team_history import TeamPast
from district.people.models.work import Assignment, Employment, Team

__all__ = [
    "AccessCard",
    "Assignment",
    "BankAccount",
    "Certificate",
    "Consent",
    "DuplicateCandidate",
    "Employment",
    "IdDocument",
    "Insurance",
    "Invitation",
    "Merge",
    "OfPerson",
    "Person",
    "PersonEmployer",
    "PersonScope",
    "RequiredTraining",
    "Team",
    "TeamPast",
    "in_force",
    "lasts",
]
