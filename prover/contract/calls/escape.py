"""Calls that stop the exchange, and share out what it holds."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class Freeze:
    """Stop the exchange, by ``claim``, the newest final one.

    For an inbox item that it left waiting too long ``proof`` is empty; for silence of
    the sequencer it shows the cursor.
    """

    claim: int
    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class OpenEscape:
    """Open the books: ``proof`` shows, under the last claim, deposits and prices of all assets."""

    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class RegisterPortfolio:
    """Count a portfolio, for its owner or against him; ``proof`` shows all that it holds."""

    account: int
    sub: int
    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class RegisterShare:
    """Count an account's shares of a vault (1), a fund (2) or the pool (3).

    ``place`` is the vault's market, the fund's portfolio (``account << 8 | sub``), or 0.
    """

    kind: int
    account: int
    place: int
    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class RegisterWithdrawal:
    """Count a withdrawal that was not paid before the exchange stopped."""

    index: int
    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class RefundDeposit:
    """Give back a deposit that the exchange never credited, by its index in the inbox."""

    index: int


@final
@dataclass(frozen=True, slots=True)
class PayEscape:
    """Pay an owner his part of everything that is held."""

    owner: bytes


EscapeCall = (
    Freeze
    | OpenEscape
    | RegisterPortfolio
    | RegisterShare
    | RegisterWithdrawal
    | RefundDeposit
    | PayEscape
)

ESCAPE_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.FREEZE: Freeze,
    CallKind.OPEN_ESCAPE: OpenEscape,
    CallKind.REGISTER_PORTFOLIO: RegisterPortfolio,
    CallKind.REGISTER_SHARE: RegisterShare,
    CallKind.REGISTER_WITHDRAWAL: RegisterWithdrawal,
    CallKind.REFUND_DEPOSIT: RefundDeposit,
    CallKind.PAY_ESCAPE: PayEscape,
}
