"""Money that stands behind others': in a market's vault, or in the lending pool.

Bodies, in the order in which they are packed:

====  =============  ============================================
kind  action         body
====  =============  ============================================
24    VaultDeposit   sub, market, amount
25    VaultWithdraw  sub, market, shares (0: all)
26    PoolSupply     sub, amount
27    PoolRedeem     sub, shares (0: all)
====  =============  ============================================
"""

from dataclasses import dataclass
from typing import Final, final

from statemachine.codec import as_list, as_uint
from statemachine.units import Micros

NUMBERS_LIMIT: Final = 1 << 64


@final
@dataclass(frozen=True, slots=True)
class VaultDeposit:
    """Buy shares of a market's backstop vault with settled collateral."""

    sub: int
    market: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class VaultWithdraw:
    """Put shares of a market's vault on notice: paid to ``sub`` once it is over; 0 for all."""

    sub: int
    market: int
    shares: int


@final
@dataclass(frozen=True, slots=True)
class PoolSupply:
    """Buy shares of the lending pool with settled collateral."""

    sub: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class PoolRedeem:
    """Give shares of the pool back, and be paid to ``sub`` at once; 0 for all."""

    sub: int
    shares: int


def body_of_pool(action: PoolSupply | PoolRedeem) -> list[object]:
    """Return the body as it is packed."""
    if isinstance(action, PoolSupply):
        return [action.sub, action.amount]
    return [action.sub, action.shares]


def decode_supply_action(body: object) -> PoolSupply:
    """Return the action that was packed, or raise ``FrameInvalid``."""
    sub, amount = as_list(body, 2, "pool supply")
    return PoolSupply(as_uint(sub, 256, "sub"), Micros(as_uint(amount, NUMBERS_LIMIT, "amount")))


def decode_redeem_action(body: object) -> PoolRedeem:
    """Return the action that was packed, or raise ``FrameInvalid``."""
    sub, shares = as_list(body, 2, "pool redeem")
    return PoolRedeem(as_uint(sub, 256, "sub"), as_uint(shares, NUMBERS_LIMIT, "shares"))
