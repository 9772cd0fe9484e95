"""A technician who works the simulated pins during commissioning."""


class Technician:
    """Says yes or no as told, and does something when asked to."""

    def __init__(self, yes: bool = True) -> None:
        self.yes, self.heard = yes, list[str]()

    def say(self, text: str) -> None:
        self.heard.append(text)

    def confirm(self, question: str) -> bool:
        self.heard.append(question)
        return self.yes
