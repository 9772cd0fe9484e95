"""The invented workers of a practice gate, each with another answer, and a story around them."""

from datetime import UTC, datetime

from edge.tools.stories.steps import CardStep
from edge.tools.stories.story import Story, StoryWorker

SITE, GATE = "practice-site", "practice-gate"


def practice_story(given: Story | None = None) -> Story:
    """Return a story that begins now, with no timeline of its own. `given`: its workers, rules and gate are used."""
    now = datetime.now(UTC)
    first = (CardStep(at=0, card="0"),)  # a story with a card has a reader
    if given is not None:
        return given.model_copy(update={"starts": now, "timeline": first, "expect": ()})
    return Story(
        title="Practice",
        story="Somebody tries this gate at a keyboard, without its hardware.",
        starts=now,
        timeline=first,
        risk={"wang-fang": "watch-list"},
        config={
            "site": {"site_id": SITE, "gate_id": GATE},
            "temperature": {"sensor": "simulated"},
            "liveness": {"mode": "off"},
        },
        worker=(
            StoryWorker(id="li-wei", employer="north-build", trade="carpenter", card="1001", pin="4711"),
            StoryWorker(id="zhao-lei", employer="north-build", trade="crane", card="1002", pin="4712", slow=True),
            StoryWorker.model_validate(
                {"id": "chen-jie", "employer": "harbour-steel", "card": "1003", "training_valid_until": "2020-01-31"}
            ),
            StoryWorker(id="wang-fang", employer="harbour-steel", card="1004"),
            StoryWorker(id="liu-yang", employer="harbour-steel", card="1005", active=False),
        ),
    )


def what_happens(worker: StoryWorker, story: Story) -> str:
    """Say in a few words what stands against a worker."""
    until = worker.training_valid_until
    against = [
        words
        for true, words in (
            (not worker.active, "left the site"),
            (worker.id in story.risk, f"on the risk list {story.risk.get(worker.id)}"),
            (until == "never" or (until != "never" and until < story.starts.date()), "training lapsed"),
            (worker.slow, "needs more time"),
        )
        if true
    ]
    return ", ".join(against) or "may come in"
