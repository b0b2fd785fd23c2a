"""Plays the adversaries, and prints what became of each; writes the table of the docs."""

import argparse
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.adversaries import actors
from tests.adversaries.library import LIBRARY, Adversary, Outcome
from tests.tidy import ROOT

assert actors.__all__
PAGE: Final = ROOT / "docs" / "adversaries.md"


@dataclass(frozen=True)
class Played:
    """An adversary, what became of him, and how long it took, in s."""

    adversary: Adversary
    outcome: Outcome
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether the world held."""
        return self.adversary.holds(self.outcome)


def play(adversaries: Iterable[Adversary]) -> Iterable[Played]:
    """Play adversaries one after the other."""
    for adversary in adversaries:
        started = time.perf_counter()
        outcome = adversary.play()
        yield Played(adversary, outcome, time.perf_counter() - started)


def everyone() -> list[Adversary]:
    """Return all adversaries, in the order of the sections."""
    return sorted(LIBRARY.values(), key=lambda each: int(each.section))


def chosen(words: Sequence[str], *, slow: bool) -> list[Adversary]:
    """Return those whose name has one of ``words``, everyone if there are none."""
    return [
        each
        for each in everyone()
        if (slow or not each.slow) and (not words or any(word in each.name for word in words))
    ]


def line_of(played: Played) -> str:
    """Return a line of the table."""
    outcome, adversary = played.outcome, played.adversary
    marks = (outcome.paid, outcome.final_right, outcome.honest_whole)
    told = " ".join(f"{'yes' if mark else 'NO':<6}" for mark in marks)
    fate = "" if played.holds else f"  FAILED, expected {adversary.expects}"
    head = f"{adversary.section:<4}{adversary.name:<44}{outcome.verdict:<52}"
    return f"{head}{told}{played.seconds:5.2f} s{fate}"


def page_of(text: str) -> str:
    """Return the page's text with the table in it that the library makes."""
    rows = [
        f"| {each.section} | {each.name} | {each.deed} | {each.expects} |" for each in everyone()
    ]
    table = ["| § | adversary | his plan | what becomes of it |", "|---|---|---|---|", *rows]
    lines = text.splitlines()
    places = [place for place, line in enumerate(lines) if line.startswith("|")]
    lines[places[0] : places[-1] + 1] = table
    return "\n".join(lines) + "\n"


HEAD = f"{'':<4}{'adversary':<44}{'verdict':<52}{'paid':<7}{'right':<7}{'whole':<7}"


def main() -> int:
    """Print the table; return 1 unless the world held against everyone."""
    parser = argparse.ArgumentParser(prog="python -m tests.adversaries", description=__doc__)
    parser.add_argument("word", nargs="*", help="play those whose names have a word")
    parser.add_argument("--slow", action="store_true", help="those too that take long")
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    options = parser.parse_args()
    if options.write:
        PAGE.write_text(page_of(PAGE.read_text()))
        return 0
    print(HEAD)  # noqa: T201  a table for people
    played = []
    for each in play(chosen(options.word, slow=options.slow)):
        played.append(each)
        print(line_of(each), flush=True)  # noqa: T201  likewise
    lost = [each for each in played if not each.holds]
    print(f"{len(played)} adversaries, {len(played) - len(lost)} held off")  # noqa: T201  likewise
    return 1 if lost else 0
