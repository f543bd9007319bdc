"""Says hello in several languages. The greetings are generated from ``data/greetings.csv``."""

from greeter.greetings import GREETINGS


def greet(name: str, language: str = "en") -> str:
    """Return the greeting for *name*; raise `KeyError` for a language that the table does not have."""
    return GREETINGS[language].format(name=name)
