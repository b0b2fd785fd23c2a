"""Money between owners: what one sends to another, and funds that one leads for others.

Bodies, in the order in which they are packed:

====  ============  =============================================
kind  action        body
====  ============  =============================================
21    Send          to, source sub, target sub, amount
28    CreateFund    sub, profit share in ppm, lock in ms
29    FundDeposit   leader's account, fund's sub, own sub, amount
30    FundWithdraw  leader's account, fund's sub, own sub, shares
====  ============  =============================================
"""

from dataclasses import dataclass
from typing import Final, final

from statemachine.codec import as_bytes, as_list, as_uint
from statemachine.units import PPM_ONE, TIME_LIMIT, Micros, Millis

AMOUNTS_LIMIT: Final = 1 << 64
ACCOUNTS_LIMIT: Final = 1 << 32


@final
@dataclass(frozen=True, slots=True)
class Send:
    """Move settled collateral to a sub-account of another owner, named by his address."""

    to: bytes
    source: int
    target: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class CreateFund:
    """Make a sub-account a fund that others can buy into.

    The leader gets ``profit_ppm`` of what they make; their shares are locked for
    ``lock_ms``.
    """

    sub: int
    profit_ppm: int
    lock_ms: Millis


@final
@dataclass(frozen=True, slots=True)
class FundDeposit:
    """Buy shares of the fund that is sub-account ``fund`` of ``leader``, out of one's ``sub``."""

    leader: int
    fund: int
    sub: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class FundWithdraw:
    """Leave a fund with some shares, 0 for all: paid to ``sub`` as soon as the fund can."""

    leader: int
    fund: int
    sub: int
    shares: int


Shared = Send | CreateFund | FundDeposit | FundWithdraw


def body_of_shared(action: Shared) -> list[object]:
    """Return the body as it is packed."""
    match action:
        case Send():
            return [action.to, action.source, action.target, action.amount]
        case CreateFund():
            return [action.sub, action.profit_ppm, action.lock_ms]
        case FundDeposit():
            return [action.leader, action.fund, action.sub, action.amount]
        case FundWithdraw():
            return [action.leader, action.fund, action.sub, action.shares]


def decode_send(body: object) -> Send:
    """Return the action that :func:`body_of_shared` wrote, or raise ``FrameInvalid``."""
    to, source, target, amount = as_list(body, 4, "send")
    return Send(
        as_bytes(to, 20, "to"),
        as_uint(source, 256, "source"),
        as_uint(target, 256, "target"),
        Micros(amount_of(amount, "amount")),
    )


def decode_create_fund(body: object) -> CreateFund:
    """Return the action that :func:`body_of_shared` wrote, or raise ``FrameInvalid``."""
    sub, profit_ppm, lock_ms = as_list(body, 3, "create fund")
    return CreateFund(
        as_uint(sub, 256, "sub"),
        as_uint(profit_ppm, PPM_ONE + 1, "profit share"),
        Millis(as_uint(lock_ms, TIME_LIMIT, "lock")),
    )


def decode_fund_deposit(body: object) -> FundDeposit:
    """Return the action that :func:`body_of_shared` wrote, or raise ``FrameInvalid``."""
    leader, fund, sub, amount = as_list(body, 4, "fund deposit")
    return FundDeposit(*fund_place(leader, fund, sub), Micros(amount_of(amount, "amount")))


def decode_fund_withdraw(body: object) -> FundWithdraw:
    """Return the action that :func:`body_of_shared` wrote, or raise ``FrameInvalid``."""
    leader, fund, sub, shares = as_list(body, 4, "fund withdraw")
    return FundWithdraw(*fund_place(leader, fund, sub), amount_of(shares, "shares"))


def fund_place(leader: object, fund: object, sub: object) -> tuple[int, int, int]:
    """Return a fund's account and sub-account, and one's own."""
    account = as_uint(leader, ACCOUNTS_LIMIT, "leader")
    return account, as_uint(fund, 256, "fund"), as_uint(sub, 256, "sub")


def amount_of(value: object, name: str) -> int:
    """Return an amount of micros or of shares."""
    return as_uint(value, AMOUNTS_LIMIT, name)
