"""What a breakage is made of."""

from dataclasses import dataclass

from tests.mutation.suites import MODEL


@dataclass(frozen=True)
class Mutant:
    """One breakage of ``statemachine/<file>``; ``old`` occurs there exactly once."""

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...] = ()

    @property
    def suite(self) -> tuple[str, ...]:
        """Return the tests that ought to fail: its own, then the model's."""
        return (*self.tests, *MODEL)
