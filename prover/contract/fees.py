"""What a call pays for gas: a base fee that moves with use, and a tip (EIP-1559).

A block is full at twice the gas that is aimed at.  One that took more than the
aim makes the next dearer, one that took less makes it cheaper: by the distance
from the aim, at most by 1/8.  A call bids the most that it pays and a tip; it
pays the base fee and the tip, waits while the base fee is above its most, and
comes the earlier the more it tips.  In the place of a call that waits comes
another bid of its sender only if it is higher by a tenth, in both: else everybody
could be made to pass on new bids for nothing.

Prices are in gwei per 1,000,000 gas.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, final

GAS_TARGET: Final = 30_000_000
"""Gas of a block that leaves the base fee where it is: half of what fits."""
ELASTICITY: Final = 2
"""A full block has so many times the gas that is aimed at (EIP-1559)."""
CHANGE_PARTS: Final = 8
"""The base fee moves by one part of so many per block at most (EIP-1559)."""
BUMP_PARTS: Final = 10
"""A bid in another's place is higher by one part of so many, at least (as in go-ethereum)."""
TIP_STEP: Final = 1_000
"""The smallest tip that somebody gives who is in a hurry: 0.001 gwei per gas."""
TIP_MAX: Final = 10_000_000
"""10 gwei per gas: no helper of ours tips more, unless the base fee is higher still."""
BUMP_BLOCKS: Final = 3
"""Blocks that a call may wait before its bid is raised."""


@final
class Bid(NamedTuple):
    """The most that a call pays for gas, and what of it is meant for whoever makes the block."""

    fee_max: int = 0
    tip: int = 0


FREE: Final = Bid()
"""For a chain whose gas costs nothing."""


def price_of(bid: Bid, base_fee: int) -> int:
    """Return what a call with this bid pays; it comes into no block if that is below the base."""
    return min(bid.fee_max, base_fee + bid.tip)


def next_base_fee(base_fee: int, gas_used: int, gas_target: int, base_fee_min: int) -> int:
    """Return the base fee of the next block.

    Both ways it moves by 1 at least, so that small fees reach their minimum again.
    """
    distance = abs(gas_used - gas_target)
    change = base_fee * distance // (gas_target * CHANGE_PARTS)  # floor: it moves by 1/8 at most
    if gas_used > gas_target:
        return max(base_fee + max(change, 1), base_fee_min)
    if gas_used < gas_target:
        return max(base_fee - max(change, 1), base_fee_min)
    return max(base_fee, base_fee_min)


def bid_floor(waiting: Bid) -> Bid:
    """Return the least bid that comes in the place of one that waits (ceil)."""
    return Bid(*(max(value + 1, value + -(-value // BUMP_PARTS)) for value in waiting))


def is_covered(bid: Bid, waiting: Bid) -> bool:
    """Return whether a call that waits bids at least as much as ``bid``, in both."""
    return bid.fee_max <= waiting.fee_max and bid.tip <= waiting.tip


def outbids(bid: Bid, waiting: Bid) -> bool:
    """Return whether a bid may come in the place of one that waits."""
    floor = bid_floor(waiting)
    return bid.fee_max >= floor.fee_max and bid.tip >= floor.tip


@final
@dataclass(frozen=True, slots=True)
class FeePolicy:
    """How a sender bids: the same for everybody who sends calls.

    Parameters
    ----------
    fee_max
        No bid pays more than this; 0: no bound.
    tip
        What the first bid tips.
    bump_blocks
        After so many blocks in which a call was not, its bid is raised.
    """

    fee_max: int = 0
    tip: int = 0
    bump_blocks: int = BUMP_BLOCKS

    def bounded(self, fee_max: int) -> "FeePolicy":
        """Return the policy with another bound as well, the lower of both; 0: none."""
        bounds = [bound for bound in (self.fee_max, fee_max) if bound]
        return FeePolicy(min(bounds, default=0), self.tip, self.bump_blocks)


def first_bid(policy: FeePolicy, base_fee: int) -> Bid:
    """Return what a new call bids: room for twice the base fee, and the policy's tip.

    Twice is what six full blocks in a row make of it.
    """
    return _within(policy, Bid(2 * base_fee + max(policy.tip, TIP_STEP), policy.tip))


def raised_bid(policy: FeePolicy, bid: Bid, base_fee: int) -> Bid | None:
    """Return a higher bid for a call that waits, or ``None`` if there is none within bounds.

    A tip doubles each time, up to the base fee or ``TIP_MAX``, whichever is more.  While
    gas is free no block is full, and what waits does not wait for want of a bid.
    """
    if not base_fee:
        return None
    floor = bid_floor(bid)
    tip_max = max(base_fee, TIP_MAX, policy.tip)
    tip = max(min(max(2 * bid.tip, TIP_STEP), tip_max), floor.tip)
    raised = _within(policy, Bid(max(2 * base_fee + tip, floor.fee_max), tip))
    if raised.tip > tip_max or not outbids(raised, bid):
        return None
    return raised


def _within(policy: FeePolicy, bid: Bid) -> Bid:
    """Return a bid within the policy's bound."""
    if not policy.fee_max:
        return bid
    fee_max = min(bid.fee_max, policy.fee_max)
    return Bid(fee_max, min(bid.tip, fee_max))
