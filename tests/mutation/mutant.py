"""What a breakage is made of."""

from dataclasses import dataclass
from typing import Final

from tests.mutation.suites import MODEL

RULES: Final = "statemachine"


@dataclass(frozen=True)
class Mutant:
    """One breakage of ``<package>/<file>``; ``old`` occurs there exactly once."""

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...] = ()
    package: str = RULES

    @property
    def suite(self) -> tuple[str, ...]:
        """Return the tests that ought to fail: its own, then the model's of the exchange."""
        return (*self.tests, *MODEL) if self.package == RULES else self.tests
