"""The adversaries by name: what each is expected to achieve, and how it is played.

``@adversary(name, section, expects)`` enters a function that plays one bad actor
and returns the ``Outcome``.  ``section`` is the part of the protocol that he
attacks, ``expects`` the verdict that he must get.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Outcome:
    """What the world looks like after an adversary.

    Parameters
    ----------
    verdict
        What became of him: of his claim, his call, his data.
    paid
        The honest challenger is not out of pocket; if he convicted somebody, he
        gained, and the convicted lost half a bond or more.
    final_right
        The final claims are the right ones, one for each entry of the log.
    honest_whole
        Every honest user has what was his: see ``Land.is_honest_whole``.
    """

    verdict: str
    paid: bool
    final_right: bool
    honest_whole: bool

    @property
    def is_well(self) -> bool:
        """Whether nobody but the adversary is worse off."""
        return self.paid and self.final_right and self.honest_whole


@dataclass(frozen=True)
class Adversary:
    """A bad actor; ``slow`` ones are left to the long runs."""

    name: str
    section: str
    expects: str
    play: Callable[[], Outcome]
    slow: bool = False

    @property
    def deed(self) -> str:
        """What he does, in a sentence."""
        return " ".join((self.play.__doc__ or "").split())

    def holds(self, outcome: Outcome) -> bool:
        """Whether he got what he was expected to get, and nobody else was hurt."""
        return outcome.is_well and outcome.verdict == self.expects


LIBRARY: Final[dict[str, Adversary]] = {}
"""Everyone, by name, in the order of the sections."""
Play = Callable[[], Outcome]


def adversary(
    name: str, section: str, expects: str, *, slow: bool = False
) -> Callable[[Play], Play]:
    """Enter a function that plays an adversary."""

    def enter(play: Play) -> Play:
        assert name not in LIBRARY, f"{name}: there is one already"
        assert play.__doc__, f"{name}: needs a line that says what he does"
        LIBRARY[name] = Adversary(name, section, expects, play, slow)
        return play

    return enter
