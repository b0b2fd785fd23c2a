"""Claims that are wrong on their face: random roots, lengths, fields, parents."""

from dataclasses import replace
from hashlib import sha256

from prover.contract.calls import ClaimBond
from prover.contract.records import ClaimStatus
from prover.drill import corrupt
from prover.outputs import trace_root
from statemachine.state import State
from tests.adversaries.forgery import Forgery, cheat
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import LIAR, MAKER, SELL, TAKER, Land, convict
from tests.simulation.test_challenger import BOND


def traded() -> Land:
    """Return a land in which somebody bought from somebody, in an entry of two blocks."""
    land = Land()
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 10)], [land.order(TAKER, 0, 10)])
    return land


def spoilt(how: str, segment: int = 2) -> Outcome:
    """Play the liar who corrupts the claim about the last entry in one of the drill's ways."""
    land = traded()
    derived = land.derived[-1]
    output, trace = corrupt(derived, how, segment, how)
    return convict(land, derived, Forgery(output, trace, derived.before))


@adversary("wrong root", "4", "SEGMENT convicted")
def wrong_root() -> Outcome:
    """Claim random roots from some segment on."""
    return spoilt("root")


@adversary("trace that stops short", "4", "TRACE_LENGTH convicted")
def short_trace() -> Outcome:
    """Leave out the last segment."""
    return spoilt("short")


@adversary("trace that runs on", "4", "TRACE_LENGTH convicted")
def long_trace() -> Outcome:
    """Add a segment after the last."""
    return spoilt("long")


@adversary("endless trace", "4", "TRACE_LENGTH convicted")
def endless_trace() -> Outcome:
    """Add ten thousand segments, to make the proof large."""
    land = traded()
    derived = land.derived[-1]
    trace = [*derived.trace, *(sha256(b"%d" % n).digest() for n in range(10_000))]
    output = replace(
        derived.output, post_root=trace[-1], trace_root=trace_root(trace), segments=len(trace) - 1
    )
    return convict(land, derived, Forgery(output, trace, derived.before))


@adversary("trace from another start", "4", "WRONG_START convicted")
def wrong_start() -> Outcome:
    """Start from a root that is not the parent's."""
    return spoilt("start")


@adversary("post root that is not the last", "4", "FIELDS convicted")
def wrong_post_root() -> Outcome:
    """Name a post root that the trace does not end with."""
    return spoilt("post root")


@adversary("wrong height", "4", "FIELDS convicted")
def wrong_height() -> Outcome:
    """Count a block too many."""
    return spoilt("height")


@adversary("wrong inbox index", "4", "FIELDS convicted")
def wrong_inbox_index() -> Outcome:
    """Say that an inbox item was consumed which waits still."""
    land = traded()
    land.deposit(MAKER)
    derived = land.post_bytes(b"\x01\x00\x01?")  # not due yet: the item stays where it is
    forged = replace(derived.output, inbox_index=derived.output.inbox_index + 1)
    return convict(land, derived, Forgery(forged, derived.trace, derived.before))


def bad_parent(*, consistent: bool) -> Outcome:
    """Play two liars: one claims a wrong root, the other builds on it.

    The second executes the next entry without fault: over the wrong state if he
    is ``consistent``, or else over the right one.
    """
    land = traded()
    first = land.derived[-1]
    second = land.post([land.order(MAKER, SELL, 5)])

    def enrich(after: State, before: State) -> None:
        del before
        land.portfolio(after, MAKER).balance += 1

    parent = land.claim_honestly(1)
    wrong = cheat(land.rules, first, 1, enrich)
    number = land.lie(wrong, parent)
    built = cheat(land.rules, wrong.carry_on(second), 0, enrich)
    if not consistent:
        output = replace(second.output, previous_output=wrong.output.hash)
        built = Forgery(output, second.trace, second.before)
    child = land.lie(built, number)
    land.fight()
    assert land.status_of(number) is ClaimStatus.CONVICTED
    verdict = land.verdict_on(child)
    if land.status_of(child) is ClaimStatus.ORPHANED:
        land.send(LIAR, ClaimBond(child))
        verdict += ", bond returned"
    land.close()
    assert land.lost_by_liar == BOND, "one bond was slashed, the other returned"
    return land.outcome(verdict, convicted=True)


@adversary("honest step on a bad parent", "4", "orphaned, bond returned")
def honest_step_on_bad_parent() -> Outcome:
    """Execute the next entry without fault, on top of a wrong claim."""
    return bad_parent(consistent=True)


@adversary("correct root on a bad parent", "4", "orphaned, bond returned")
def correct_root_on_bad_parent() -> Outcome:
    """Claim the right roots, on top of a wrong claim."""
    return bad_parent(consistent=False)
