"""Funds: sub-accounts that their leaders trade for others; what one has in them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from proto.sextant.v1 import common_pb2, funds_pb2
from sextant.client.amounts import Amount, from_micros
from sextant.client.feeds import Feeds
from sextant.client.money import positive_micros, read_sub
from sextant.client.names import FundName, read_fund, read_number
from sextant.client.receipts import Receipt
from sextant.errors import BadRequest
from statemachine.actions import CreateFund, FundDeposit, FundWithdraw
from statemachine.units import PPM_ONE, TIME_LIMIT, Millis

SHARES_LIMIT: Final = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What somebody has in a fund.

    ``worth`` is what all of it would be paid now, ``profit_share`` what of that
    would be the leader's; ``leaving`` shares wait to be paid, since ``asked_at_ms``.
    """

    shares: int
    leaving: int
    paid: Decimal
    worth: Decimal
    profit_share: Decimal
    locked_until_ms: int
    asked_at_ms: int
    retry_at_ms: int
    sub: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundExit:
    """Shares of a fund that wait to be paid; ``overdue``: longer than its notice."""

    account: int
    shares: int
    asked_at_ms: int
    retry_at_ms: int
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """A fund, and what the one who asked has in it.

    ``value_low`` and ``value_high`` are its equity with each market at the lower and
    at the higher of mark and index: exits get the lower, deposits pay the higher.
    ``free`` is what it can pay at once.  While ``exiting`` its leader may only reduce.
    """

    fund: FundName
    leader: bytes
    shares: int
    leaving: int
    leader_shares: int
    balance: Decimal
    value_low: Decimal
    value_high: Decimal
    initial_margin: Decimal
    free: Decimal
    profit_share: Decimal
    leader_share_min: Decimal
    lock_ms: int
    notice_ms: int
    deposit_min: Decimal
    exiting: bool
    overdue_exits: int
    liquidating: bool
    epoch: int
    stake: Stake | None
    exits: tuple[FundExit, ...]

    @property
    def share_price(self) -> Decimal:
        """What a million shares would be paid now, which cost 1 USDC when it opened."""
        return self.value_low * PPM_ONE / self.shares if self.shares else Decimal(0)


def read_profit_share(value: Decimal | str | int) -> int:
    """Return a share, such as 0.1, in millionths.

    Raises
    ------
    BadRequest
        ``SHARE``.
    """
    share = Decimal(value) * PPM_ONE
    if not 0 <= share <= PPM_ONE or share != int(share):
        raise BadRequest(
            "SHARE", f"{value} is no share of profits", advice="say 0.1 for a tenth, at most 1"
        )
    return int(share)


def name_of(message: common_pb2.Portfolio) -> FundName:
    """Return which fund a portfolio is."""
    return FundName(message.account, message.sub)


def stake_of(message: funds_pb2.FundStake) -> Stake:
    """Return what somebody has in a fund."""
    return Stake(
        shares=message.shares,
        leaving=message.leaving_shares,
        paid=from_micros(message.basis_micros),
        worth=from_micros(message.worth_micros),
        profit_share=from_micros(message.profit_share_micros),
        locked_until_ms=message.locked_until_ms,
        asked_at_ms=message.asked_at_ms,
        retry_at_ms=message.retry_at_ms,
        sub=message.sub,
    )


def fund_of(message: funds_pb2.Fund) -> Fund:
    """Return a fund."""
    return Fund(
        fund=name_of(message.portfolio),
        leader=message.leader,
        shares=message.shares,
        leaving=message.leaving_shares,
        leader_shares=message.leader_shares,
        balance=from_micros(message.balance_micros),
        value_low=from_micros(message.value_low_micros),
        value_high=from_micros(message.value_high_micros),
        initial_margin=from_micros(message.initial_margin_micros),
        free=from_micros(message.free_micros),
        profit_share=from_micros(message.profit_share_ppm),
        leader_share_min=from_micros(message.leader_share_min_ppm),
        lock_ms=message.lock_ms,
        notice_ms=message.notice_ms,
        deposit_min=from_micros(message.deposit_min_micros),
        exiting=message.exiting,
        overdue_exits=message.overdue_exits,
        liquidating=message.liquidating,
        epoch=message.epoch,
        stake=stake_of(message.stake) if message.HasField("stake") else None,
        exits=tuple(
            FundExit(
                account=found.account,
                shares=found.shares,
                asked_at_ms=found.asked_at_ms,
                retry_at_ms=found.retry_at_ms,
                overdue=found.overdue,
            )
            for found in message.exits
        ),
    )


class Funds(Feeds):
    """A session that can lead funds, and buy into those of others."""

    async def create_fund(
        self, *, sub: int, profit_share: Decimal | str | int, lock_ms: int
    ) -> Receipt:
        """Make a sub-account of one's own, 64 to 127, a fund that others can buy into.

        All that is in it is the leader's own stake; it may hold no position and no
        order.  It is traded as before, but its money then moves only against shares.

        Parameters
        ----------
        profit_share
            What of others' profits is the leader's, such as ``"0.1"``.
        lock_ms
            How long whoever has bought shares cannot leave.
        """
        if not 0 <= lock_ms < TIME_LIMIT:
            raise BadRequest("LOCK", f"{lock_ms} ms is no time to lock shares for")
        action = CreateFund(read_sub(sub), read_profit_share(profit_share), Millis(lock_ms))
        return await self.execute(action)

    async def deposit_fund(
        self, which: str | FundName, amount: Amount, *, sub: int | None = None
    ) -> Receipt:
        """Buy shares of a fund at its higher value; the receipt's ``filled`` counts them."""
        name = read_fund(which)
        place = read_sub(self.sub if sub is None else sub)
        action = FundDeposit(name.leader, name.sub, place, positive_micros(amount))
        return await self.execute(action)

    async def withdraw_fund(
        self, which: str | FundName, shares: int = 0, *, sub: int | None = None
    ) -> Receipt:
        """Leave a fund with some shares, all of them without a number.

        The receipt's notional is what was paid, its fee what of it was the leader's.
        What the fund cannot pay yet it pays as soon as it can.
        """
        name = read_fund(which)
        place = read_sub(self.sub if sub is None else sub)
        if not 0 <= shares < SHARES_LIMIT:
            raise BadRequest("SHARES", f"{shares} shares are none")
        return await self.execute(FundWithdraw(name.leader, name.sub, place, shares))

    async def fund(self, which: str | FundName, *, mine: bool = False) -> Fund:
        """Return a fund and who waits to leave it; with ``mine``, the signer's stake too."""
        name = read_fund(which)
        request = funds_pb2.GetFundsRequest(
            fund=common_pb2.Portfolio(account=name.leader, sub=name.sub)
        )
        if mine:
            request.address = self.address
        answer = await self.connection.call(self.connection.query.GetFunds, request)
        return fund_of(answer.funds[0])

    async def funds(self, *, account: int | None = None, mine: bool = False) -> list[Fund]:
        """Return all funds, or those that somebody leads or has a stake in.

        Parameters
        ----------
        account
            Whose; with ``mine`` the signer's instead.
        """
        return [fund async for fund in self.each_fund(account=account, mine=mine)]

    async def each_fund(
        self, *, account: int | None = None, mine: bool = False
    ) -> AsyncIterator[Fund]:
        """Yield what ``funds`` returns, page by page."""
        request = funds_pb2.GetFundsRequest(mine=mine or account is not None)
        if mine:
            request.address = self.address
        elif account is not None:
            request.account = read_number(account, "account", 32)
        while True:
            answer = await self.connection.call(self.connection.query.GetFunds, request)
            for message in answer.funds:
                yield fund_of(message)
            if not answer.HasField("next"):
                return
            request.after.CopyFrom(answer.next)
