"""Money and keys on L2: withdraw, transfer, agents, pokes."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sextant.client.amounts import Amount, to_micros
from sextant.client.market import Market
from sextant.client.names import read_address
from sextant.client.orders import read_fee
from sextant.client.receipts import Receipt
from sextant.client.strategies import Strategies
from sextant.errors import BadRequest
from statemachine.actions import (
    ApproveAgent,
    ApproveBuilder,
    Kind,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Send,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Transfer,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.states import (
    STATE_ACTIVE,
    STATE_CANCEL_ONLY,
    STATE_PAUSED,
    STATE_POST_ONLY,
    STATE_SETTLED,
)
from statemachine.units import DAY_MS, PPM_ONE, Micros, Millis

TRADING_KINDS: Final = (Kind.ORDER, Kind.CANCEL, Kind.CANCEL_ALL, Kind.MODIFY, Kind.BULK)
AGENT_DAYS: Final = 30
SUBS_MAX: Final = 256


class MarketState(IntEnum):
    """States into which a guardian may move a market."""

    ACTIVE = STATE_ACTIVE
    POST_ONLY = STATE_POST_ONLY
    CANCEL_ONLY = STATE_CANCEL_ONLY
    PAUSED = STATE_PAUSED
    SETTLED = STATE_SETTLED


def read_sub(value: int) -> int:
    """Return a sub-account's number.

    Raises
    ------
    BadRequest
        ``SUB``.
    """
    if not 0 <= value < SUBS_MAX:
        raise BadRequest("SUB", f"there is no sub-account {value}", advice="use 0 to 255")
    return value


def read_account(value: int) -> int:
    """Return the number of an account.

    Raises
    ------
    BadRequest
        ``ACCOUNT``.
    """
    if not 0 < value < 1 << 32:
        raise BadRequest("ACCOUNT", f"there is no account {value}", advice="see `sextant account`")
    return value


def positive_micros(value: Amount) -> Micros:
    """Return a positive amount in micro-USDC.

    Raises
    ------
    BadRequest
        ``AMOUNT``, or ``PRECISION``.
    """
    micros = to_micros(value)
    if not 0 < micros < 1 << 63:
        raise BadRequest("AMOUNT", f"{value} USDC is no amount to move")
    return Micros(micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A withdrawal on its way: ``index`` names it on L1."""

    index: int
    receipt: Receipt

    @property
    def height(self) -> int:
        """The block that made it."""
        return self.receipt.height


class Money(Strategies):
    """A session that can move money."""

    async def withdraw(self, amount: Amount, *, sub: int | None = None) -> Withdrawn:
        """Move settled collateral out, to the owner's address on L1.

        It can be claimed there once it is final: see ``claim_withdrawal``.
        """
        place = read_sub(self.sub if sub is None else sub)
        receipt = await self.execute(Withdraw(place, positive_micros(amount)))
        # The receipt's id is that of what was made: here the withdrawal's index.
        return Withdrawn(index=receipt.order_id, receipt=receipt)

    async def transfer(self, amount: Amount, *, source: int, target: int) -> Receipt:
        """Move settled collateral between two sub-accounts of the owner."""
        if source == target:
            raise BadRequest("ACCOUNT_SELF", "source and target are the same sub-account")
        action = Transfer(read_sub(source), read_sub(target), positive_micros(amount))
        return await self.execute(action)

    async def send_usdc(
        self, amount: Amount, *, to: str | bytes, target: int = 0, source: int | None = None
    ) -> Receipt:
        """Move settled collateral to another owner, named by his address; it is his at once.

        Parameters
        ----------
        to
            The address of an owner: of somebody who has deposited before.
        target
            Which of his sub-accounts it goes to; it need not exist yet.
        source
            Which of one's own it comes from; the client's by default.
        """
        place = read_sub(self.sub if source is None else source)
        action = Send(read_address(to), place, read_sub(target), positive_micros(amount))
        return await self.execute(action)

    async def approve_agent(
        self,
        agent: str | bytes,
        *,
        days: int = AGENT_DAYS,
        kinds: tuple[Kind, ...] = TRADING_KINDS,
        markets: tuple[str | int | Market, ...] = (),
        notional_per_day: Amount = 0,
        loss_per_day: Amount = 0,
    ) -> Receipt:
        """Let another key trade for this account; it can never withdraw.

        Parameters
        ----------
        days
            How long the approval holds, by the node's time.
        kinds
            What it may sign; orders and cancels by default.
        markets
            Where it may trade; everywhere by default.
        notional_per_day, loss_per_day
            USDC that its orders may add up to, and that it may lose, in a day
            of UTC; 0: no limit.  Past either it can only cancel and reduce.
        """
        if days <= 0:
            raise BadRequest("DAYS", f"an approval of {days} days is none")
        await self.sync_clock()
        mask = 0
        for kind in kinds:
            mask |= 1 << int(kind)
        places = 0
        for market in markets:
            places |= 1 << (await self.market(market)).id
        expiry = Millis(self.clock.now_ms() + days * DAY_MS)
        budgets = to_micros(notional_per_day), to_micros(loss_per_day)
        if not all(0 <= budget < 1 << 63 for budget in budgets):
            raise BadRequest("AMOUNT", "a budget is 0 or a positive amount")
        action = ApproveAgent(
            read_address(agent), expiry, mask, places, Micros(budgets[0]), Micros(budgets[1])
        )
        return await self.execute(action)

    async def set_leverage(
        self, market: str | int | Market, leverage: int, *, sub: int | None = None
    ) -> Receipt:
        """Bound what a position in one market may be; 0 takes the bound away.

        It raises the initial margin to 1 / ``leverage`` of the notional, never
        lowers it, and stays while the position is flat.
        """
        place = read_sub(self.sub if sub is None else sub)
        found = await self.market(market)
        if not 0 <= leverage <= found.leverage_max:
            raise BadRequest(
                "LEVERAGE",
                f"{leverage} is no leverage in {found.name}",
                advice=f"use 1 to {found.leverage_max}, or 0 for none of your own",
            )
        return await self.execute(SetLeverage(place, found.id, leverage))

    async def set_market_state(self, market: str | int | Market, state: MarketState) -> Receipt:
        """Move a market to another state; only the rules' guardian may."""
        return await self.execute(SetMarketState((await self.market(market)).id, int(state)))

    async def set_margin(
        self, market: str | int | Market, initial_ppm: int, maintenance_ppm: int
    ) -> Receipt:
        """Let a market's margin rates move to these; only the rules' guardian may.

        They move in a straight line over the rules' notice period.  The receipt's
        arguments are the two rates in force and when the new ones will be (ms).

        Raises
        ------
        BadRequest
            ``MARGIN_RATE`` unless 0 < maintenance <= initial <= 1,000,000.
        """
        if not 0 < maintenance_ppm <= initial_ppm <= PPM_ONE:
            raise BadRequest(
                "MARGIN_RATE",
                f"initial {initial_ppm} ppm with maintenance {maintenance_ppm} ppm cannot be",
                advice="maintenance is above 0 and at most initial, initial at most 1,000,000",
            )
        number = (await self.market(market)).id
        return await self.execute(SetMargin(number, initial_ppm, maintenance_ppm))

    async def revoke_agent(self, agent: str | bytes) -> Receipt:
        """End an agent for good: its address can never be approved again."""
        return await self.execute(RevokeAgent(read_address(agent)))

    async def deposit_vault(
        self, which: str | int | Market, amount: Amount, *, sub: int | None = None
    ) -> Receipt:
        """Buy shares of a market's backstop vault; the receipt's ``filled`` counts them."""
        place = read_sub(self.sub if sub is None else sub)
        market = await self.market(which)
        return await self.execute(VaultDeposit(place, market.id, positive_micros(amount)))

    async def set_referrer(self, referrer: int, *, sub: int | None = None) -> Receipt:
        """Name the account that brought this one, once: it shares in the exchange's taker fees."""
        place = read_sub(self.sub if sub is None else sub)
        return await self.execute(SetReferrer(place, read_account(referrer)))

    async def approve_builder(self, builder: int, max_fee: Amount) -> Receipt:
        """Let an account ask for up to ``max_fee`` (0.0003 is 0.03%) on orders that name it.

        0 ends it.
        """
        return await self.execute(ApproveBuilder(read_account(builder), read_fee(max_fee)))

    async def supply_pool(self, amount: Amount, *, sub: int | None = None) -> Receipt:
        """Lend to whoever's balance is below zero; the receipt's ``filled`` counts shares."""
        place = read_sub(self.sub if sub is None else sub)
        return await self.execute(PoolSupply(place, positive_micros(amount)))

    async def redeem_pool(self, shares: int = 0, *, sub: int | None = None) -> Receipt:
        """Give shares of the lending pool back, all of them without a number.

        They are paid at once, as far as their worth is not lent; the receipt's
        ``notional`` says how much.
        """
        place = read_sub(self.sub if sub is None else sub)
        if not 0 <= shares < 1 << 64:
            raise BadRequest("SHARES", f"{shares} is no number of shares")
        return await self.execute(PoolRedeem(place, shares))

    async def withdraw_vault(
        self, which: str | int | Market, shares: int = 0, *, sub: int | None = None
    ) -> Receipt:
        """Put shares of a market's vault on notice, all of them without a number.

        They are paid to the sub-account once the notice is over, at their value then.
        """
        place = read_sub(self.sub if sub is None else sub)
        if not 0 <= shares < 1 << 63:
            raise BadRequest("SHARES", f"{shares} shares are none")
        market = await self.market(which)
        return await self.execute(VaultWithdraw(place, market.id, shares))

    async def poke(self, account: int, sub: int = 0) -> Receipt:
        """Ask the exchange to look at a portfolio: anyone may, and may earn a reward."""
        return await self.execute(Poke(account, read_sub(sub)))
