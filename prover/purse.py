"""A defender's bounded wallet: what a call may cost, what all of them may, what they did.

Fees are in gwei; a gas price is in gwei per 1,000,000 gas, as everywhere here.  A call
that is held back is not lost: it is asked for again at every L1 block, and said aloud.

What was sent and not heard of is set aside: calls go out many at a time, and a defender
who is killed before L1 answers has spent something all the same.

What a conviction made up for is not spent, if it is paid to the key that sends the calls:
else whoever makes wrong claims, one after the other, would only have to be convicted often
enough to be disputed no more.
"""

from typing import Final, final

from prover.contract.prices import GAS_PRICE_UNIT, fee_of

HELD_UNKNOWN: Final = 1 << 63
"""What a key is taken to hold as long as nobody has asked: enough."""


@final
class Purse:
    """The bounds of one defender, and what he has spent.

    Parameters
    ----------
    gas_price_max
        Above it nothing is sent; 0: no bound.
    spend_gwei_max
        What all calls may cost together, over restarts; 0: no bound.
    spent_gwei
        What they cost before.
    is_repaid
        Whether convictions are paid to the key that sends the calls.
    """

    def __init__(
        self,
        gas_price_max: int = 0,
        spend_gwei_max: int = 0,
        spent_gwei: int = 0,
        *,
        is_repaid: bool = False,
    ) -> None:
        self.gas_price_max = gas_price_max
        self.spend_gwei_max = spend_gwei_max
        self.spent_gwei = spent_gwei
        self.returned_gwei = 0
        """What of it convictions made up for."""
        self.is_repaid = is_repaid
        self.held_gwei = HELD_UNKNOWN
        """What the key holds on L1, less what was sent since that was asked."""
        self.costs: dict[int, int] = {}
        """Gwei that calls about each claim took, until it is convicted."""
        self.reserved: dict[int, int] = {}
        """Gwei of the call about each claim that is on its way."""

    @property
    def committed_gwei(self) -> int:
        """What is spent, with what may be by now: this is what survives a crash."""
        return self.spent_gwei + sum(self.reserved.values())

    @property
    def lent_gwei(self) -> int:
        """What is spent, or may be by now, and has not come back."""
        return self.committed_gwei - self.returned_gwei

    def refusal(self, gas: int, gas_price: int) -> str:
        """Say why a call of ``gas`` is not sent at this price; nothing if it may be."""
        if self.gas_price_max and gas_price > self.gas_price_max:
            return f"the gas price is {gas_price}, --max-gas-price allows {self.gas_price_max}"
        fee = fee_of(gas, gas_price)
        if self.spend_gwei_max and self.lent_gwei + fee > self.spend_gwei_max:
            return (
                f"it may cost {fee} gwei, {self.lent_gwei} are spent, "
                f"--max-spend allows {self.spend_gwei_max}"
            )
        return ""

    def reserve(self, claim: int, gas: int, gas_price: int) -> None:
        """Set aside what a call about a claim costs at this price."""
        self.reserved[claim] = fee_of(gas, gas_price)

    def price_max(self, gas: int) -> int:
        """Return the most that a call of ``gas`` may bid, within both bounds; 0: no bound."""
        bounds = [self.gas_price_max] if self.gas_price_max else []
        if self.spend_gwei_max:
            left = max(self.spend_gwei_max - self.lent_gwei, 0)
            bounds.append(left * GAS_PRICE_UNIT // gas)
        return max(min(bounds), 1) if bounds else 0

    def note(self, claim: int, gas: int, gas_price: int) -> None:
        """Take note of what a call about a claim cost; no gas: nobody knows of it."""
        self.reserved.pop(claim, None)
        fee = fee_of(gas, gas_price)
        self.spent_gwei += fee
        self.costs[claim] = self.costs.get(claim, 0) + fee

    def repay(self, claim: int) -> None:
        """Take note that a bond made up for the calls about a claim."""
        cost = self.costs.pop(claim, 0)
        if self.is_repaid:
            self.returned_gwei += cost
