"""Versions of the rules: who brings them, when, and which entry is executed and judged by which."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import REPLICA, VERSIONS


def contract(file: str, old: str, new: str, breaks: str) -> Mutant:
    """Return a breakage of a module of the contract."""
    return Mutant(f"contract/{file}.py", old, new, breaks, (VERSIONS,), package="prover")


def prover(file: str, old: str, new: str, breaks: str) -> Mutant:
    """Return a breakage of a module that derives or judges."""
    return Mutant(f"{file}.py", old, new, breaks, (REPLICA,), package="prover")


def succession(old: str, new: str, breaks: str) -> Mutant:
    """Return a breakage of what may follow what."""
    return Mutant("succession.py", old, new, breaks, (VERSIONS,))


MUTANTS: Final = (
    contract(
        "versions",
        "any(governor) and context.sender == governor",
        "context.sender == governor",
        "the address of zeros brings rules where there is no governor",
    ),
    contract(
        "versions",
        "call.starts >= earliest",
        "call.starts >= now",
        "rules come before whoever dislikes them can have left",
    ),
    contract(
        "versions",
        "return max(rules.exit_ms, newest.ramp_notice_ms)",
        "return rules.exit_ms",
        "margin tiers change faster than rates may move",
    ),
    contract(
        "versions",
        "pending is None,",
        "True,",
        "a second version is announced while one is on its way",
    ),
    contract(
        "versions",
        "        check_succession(before, after)\n",
        "        pass\n",
        "rules that the state was not made for",
    ),
    contract(
        "versions",
        "return version.starts - deadline_least(rules.rules)",
        "return version.starts",
        "rules are taken back that blocks were made by",
    ),
    contract(
        "versions",
        "now < until and not used",
        "now < until",
        "the log goes back to rules that it had left",
    ),
    contract(
        "versions",
        "now < until and not used",
        "not used",
        "the old rules last for ever",
    ),
    contract(
        "versions",
        "if not version.cancelled and version.starts <= time:",
        "if version.starts <= time:",
        "what was taken back comes into force",
    ),
    contract(
        "disputes",
        "rules=rules_of_entry(context.rules, state, claim.output.log_index)",
        "rules=context.rules.rules",
        "a fault is judged by rules that its entry was not executed by",
    ),
    contract(
        "claims",
        "right = rules_of_entry(rules, state, output.log_index).hash",
        "right = rules.rules.hash",
        "claims name the rules of genesis for ever",
    ),
    prover(
        "replica",
        "        self.enter(self.book.at(entry.version))\n",
        "",
        "every entry is executed by the rules of genesis",
    ),
    prover(
        "rulesbook",
        "come = (n for n, each in self.versions.items() if not each.cancelled)\n        return max",
        "come = (n for n in self.versions)\n        return max",
        "blocks are made by rules that were taken back",
    ),
    prover(
        "rulesbook",
        "told = [each for each in versions if each.block <= final]",
        "told = list(versions)",
        "blocks are made by rules that L1 may yet take back",
    ),
    succession(
        '    check_fixed("", FIXED, before, after)\n',
        "",
        "an upgrade changes what the state was built on",
    ),
    succession(
        "    for name in POSITIVE:",
        "    for name in ():",
        "every verdict divides by zero, and nobody is convicted",
    ),
    succession(
        "if new[1] < old[1] or new[2] < old[2]:",
        "if new[1] < old[1]:",
        "maintenance in force is above that of the first tier",
    ),
)
