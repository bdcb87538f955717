"""How many inputs a property test tries whose inputs cost more, or less, than those of most."""

from hypothesis import settings

USUAL = 100
"""What a test tries that says nothing about it, when a run says the same of the same code."""


def tried(number: int) -> settings:
    """Have a test try so many inputs where the others try a hundred, and more of them where those do."""
    return settings(max_examples=number * settings().max_examples // USUAL)
