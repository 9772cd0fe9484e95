"""What a gate's reason means, and what to do about a refusal. The same words as on the gate's own screen."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from contract.messages.words import Reason

REASONS: dict[str, tuple[StrPromise, StrPromise]] = {
    Reason.GRANTED: (_("Admitted"), _("Nothing")),
    Reason.UNKNOWN: (
        _("Not recognised"),
        _("Check the id. If the worker belongs here: admit by hand, and send an invitation to enrol."),
    ),
    Reason.NOT_THIS_SITE: (_("Not for this site"), _("Ask the foreman which site is right, and assign the worker.")),
    Reason.NOT_ACTIVE: (_("Not active"), _("Look at the dates of the assignment, and extend it if the work goes on.")),
    Reason.TRAINING_LAPSED: (_("Training lapsed"), _("Send to the training, and record the new date.")),
    Reason.RISK_HOLD: (
        _("Held: risk list"),
        _("Take aside, quietly, and call the health officer named for this list."),
    ),
    Reason.SECOND_FACTOR: (_("Something more is needed"), _("Ask for code, card or PIN; compare with the id.")),
    Reason.LIVENESS_DOUBT: (_("Not shown to be a person"), _("Look whether it is the person. If so, admit by hand.")),
    Reason.LOW_QUALITY: (_("No clear picture"), _("If it happens often: mend the light, clean the lens.")),
    Reason.MULTIPLE_FACES: (_("More than one person"), _("Let them come one at a time.")),
    Reason.ROSTER_EXPIRED: (
        _("Lists too old"),
        _("Bring the gate's network back; admit by the printed list until then."),
    ),
    Reason.CLOCK_UNTRUSTED: (_("Clock not set"), _("Set the gate's clock, or bring its network back.")),
    Reason.OUTSIDE_HOURS: (
        _("Outside working hours"),
        _("If the shift was changed: admit by hand, and change the hours."),
    ),
    Reason.EMPLOYER_NOT_ADMITTED: (_("Employer not admitted"), _("Add the employer's contract to the site.")),
    Reason.TRADE_NOT_ADMITTED: (_("Trade not admitted"), _("Ask whether this trade may work here now.")),
    Reason.DECLARATION_NEEDED: (_("Health declaration missing"), _("Let the worker declare, then try again.")),
    Reason.TEMPERATURE_HIGH: (_("Temperature too high"), _("Measure again after five minutes in the shade.")),
    Reason.PASSBACK: (
        _("Already inside or outside"),
        _("Look whether somebody left without the gate, or gave a card away."),
    ),
    Reason.SITE_FULL: (_("Site is full"), _("Wait until somebody has left.")),
    Reason.PARTNER_NEEDED: (_("Second person needed"), _("Two must come together.")),
    Reason.FACTOR_REFUSED: (
        _("Code, card or PIN refused"),
        _("Ask for a new code, or check the card and who holds it."),
    ),
    Reason.LOCKED_DOWN: (_("Gate locked down"), _("Nobody enters until the lock-down is released.")),
    Reason.MANUAL_ADMIT: (_("Admitted by the guard"), _("Nothing")),
    Reason.REMOTE_OPEN: (_("Opened by HQ"), _("Nothing")),
    Reason.DISK_FULL: (_("Gate's disk nearly full"), _("Admit by hand; call the technician.")),
    Reason.NO_DECISION: (_("No decision"), _("Try again; if it stays, restart the gate.")),
}


def reason_name(reason: str) -> str:
    """Return what a reason means; a newer gate's unknown reason as it is."""
    return str(REASONS[reason][0]) if reason in REASONS else reason


def what_to_do(reason: str) -> str:
    """Return what the site manager does about a refusal."""
    return str(REASONS[reason][1]) if reason in REASONS else ""
