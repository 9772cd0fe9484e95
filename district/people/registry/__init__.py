"""The only way to change people: each function is one transaction with its scope rows, outbox rows and audit entries.

`by` is who does it: an account, a token, or the name of a process. The functions check what is right; who may call
them is checked before, by `visible_to` and `changeable_by`.
"""

from district.people.registry.base import RecordRefused, living, together
from district.people.registry.consents import choose_way, give_consent, withdraw_consent
from district.people.registry.erasing import cancel_erasure, erase, erase_due
from district.people.registry.merging import decide_different, merge, undo_merge, worker_ids_of
from district.people.registry.persons import Added, PersonDraft, add_person, change_person, set_document
from district.people.registry.possessions import (
    add_card,
    end_card,
    remove_possession,
    save_certificate,
    save_insurance,
    set_bank_account,
)
from district.people.registry.requirements import end_requirement, lacking, require_training
from district.people.registry.teams import end_team, members, save_team
from district.people.registry.work import (
    assign,
    change_assignment,
    employ,
    end_assignment,
    end_employment,
)

__all__ = [
    "Added",
    "PersonDraft",
    "RecordRefused",
    "add_card",
    "add_person",
    "assign",
    "cancel_erasure",
    "change_assignment",
    "change_person",
    "choose_way",
    "decide_different",
    "employ",
    "end_assignment",
    "end_card",
    "end_employment",
    "end_requirement",
    "end_team",
    "erase",
    "erase_due",
    "give_consent",
    "lacking",
    "living",
    "members",
    "merge",
    "remove_possession",
    "require_training",
    "save_certificate",
    "save_insurance",
    "save_team",
    "set_bank_account",
    "set_document",
    "together",
    "undo_merge",
    "withdraw_consent",
    "worker_ids_of",
]
