"""What moves an owner's settled collateral: out, between his sub-accounts, into vaults."""

from dataclasses import dataclass
from typing import final

from statemachine.units import Micros


@final
@dataclass(frozen=True, slots=True)
class Withdraw:
    """Move settled collateral out to the owner's address on L1."""

    sub: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class Transfer:
    """Move settled collateral between two sub-accounts of one owner."""

    source: int
    target: int
    amount: Micros


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
