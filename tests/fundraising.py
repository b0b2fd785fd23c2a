"""Duels about funds: leaders who trade for others, and others who come and go."""

from dataclasses import replace

from statemachine.actions import (
    NO_TERMS,
    Action,
    CancelAll,
    ClosePosition,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    PlaceOrder,
    Poke,
    Send,
    SetLeverage,
    Transfer,
    TransferAsset,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Lots, Micros, Millis, Price
from tests.collateral import COIN, asset_rules
from tests.duels import SECOND, SMALL_STEPS, TRADERS, Chooser
from tests.variety import VARIED, VariedDuel
from tests.worlds import USDC, trader_key

FUND = 64
FUNDED = replace(
    VARIED,
    fund_lock_ms_min=1_000,
    fund_lock_ms_max=10_000,
    fund_deposit_min=USDC,
    fund_notice_ms=4_000,
    fund_leader_ppm=100_000,
    vault_slippage_ppm=10_000,
    velocity_min=2_000 * USDC,
    markets=SMALL_STEPS.markets,
    assets=(asset_rules(COIN, 0, 1, decimals=4),),
    outage_ms_max=120_000,
)
"""Short locks and notices, so that funds are left, sold, and closed within a duel."""


class FundDuel(VariedDuel):
    """A duel in which the first two traders lead funds."""

    def __init__(self, chooser: Chooser, amount: int = 1_000 * USDC) -> None:
        super().__init__(chooser, 3 * amount, FUNDED)
        for trader in (0, 1):
            self.world.deposit(trader, amount, sub=FUND)
            owner = address_of(trader_key(trader))
            now = Millis(self.world.now)
            item = InboxItem(InboxKind.DEPOSIT, owner, 0, Micros(100), now, COIN)
            self.world.inbox.append(item)
        while self.model.inbox_index < len(self.world.inbox):
            self.wait(100)
            self.finish_block()
        for trader, profit, lock in ((0, 200_000, 1_000), (1, 33_333, 7_000)):
            create = CreateFund(FUND, profit, Millis(lock))
            self.pending.append(self.world.sign(trader, create))
        self.wait(100)
        self.finish_block()
        for trader in range(2, TRADERS):
            for leader in (1, 2):
                action = FundDeposit(leader, FUND, 0, Micros(150 * USDC))
                self.pending.append(self.world.sign(trader, action))
        self.wait(100)
        self.finish_block()
        assert self.codes["OK"] >= 2 + 2 * (TRADERS - 2)

    def send(self, trader: int, action: Action) -> None:
        """Send an action; what a leader sends is mostly about his fund, and large."""
        chooser = self.chooser
        if isinstance(action, PlaceOrder) and chooser.number(0, 3):
            # Large enough for funds to be short of margin.
            size, flags = chooser.pick((action.size, 900, 2_000, 4_000)), action.flags
            flags = chooser.pick((flags, flags & 1, flags & 1, flags & 1 | 2))
            action = replace(action, size=Lots(size), flags=flags, terms=NO_TERMS)
        own = trader < 2 and chooser.number(0, 3) > 0
        if own and isinstance(action, PlaceOrder | Poke | CancelAll | ClosePosition | Twap):
            action = replace(action, sub=FUND)
        super().send(trader, action)

    def lever(self) -> None:
        """Let a leader take on most of what his fund can carry; somebody takes the other side."""
        chooser = self.chooser
        market, side = chooser.pick(self.numbers[:2]), chooser.number(0, 1)
        price, size = Price(self.price[market] // 10 * 10), Lots(chooser.pick((1_000, 3_000)))
        offer = PlaceOrder(0, market, 1 - side | 4, price, size)
        self.pending.append(self.world.sign(chooser.number(2, TRADERS - 1), offer))
        taken = PlaceOrder(FUND, market, side, price, size)
        self.pending.append(self.world.sign(chooser.number(0, 1), taken))

    def random_block(self) -> None:
        """Let something happen, and funds take risks, then finish the block."""
        if self.chooser.number(0, 3) == 0:
            self.lever()
        super().random_block()

    def place(self) -> tuple[int, int]:
        """Return a fund, seldom one that is none."""
        chooser = self.chooser
        account = chooser.pick((1, 1, 1, 2, 2, 2, 3, 99))
        return account, chooser.pick((*[FUND] * 12, 0, FUND + 1))

    def errand(self) -> Action:
        """Return anything about funds, or anything else."""
        chooser = self.chooser
        kind = chooser.number(0, 14)
        sub = chooser.pick((0, 0, 0, 0, 1, FUND, FUND + 1))
        if kind < 4:
            amount = chooser.pick((1, USDC, 5 * USDC, 40 * USDC, 40 * USDC, 300 * USDC))
            return FundDeposit(*self.place(), sub, Micros(amount))
        if kind < 8:
            shares = chooser.pick((0, 0, 1, USDC, 20 * USDC, 90 * USDC, 10**12))
            return FundWithdraw(*self.place(), sub, shares)
        if kind == 8:
            profit = chooser.pick((0, 100_000, 200_001))
            lock = Millis(chooser.pick((1_000, 5 * SECOND, 0, 10_001)))
            return CreateFund(chooser.pick((FUND, FUND + 1, FUND + 1, 128, 0)), profit, lock)
        if kind == 9:
            return Transfer(sub, chooser.pick((0, FUND, FUND + 1)), Micros(20 * USDC))
        if kind == 10:
            to = address_of(trader_key(chooser.number(0, TRADERS - 1)))
            return Send(to, sub, chooser.pick((0, FUND)), Micros(2 * USDC))
        if kind == 11:
            moves: tuple[Action, ...] = (
                Withdraw(FUND, Micros(USDC)),
                VaultDeposit(sub, self.market(), Micros(5 * USDC)),
                VaultWithdraw(sub, self.market(), 0),
            )
            return chooser.pick(moves)
        if kind == 12:
            return SetLeverage(FUND, self.market(), chooser.pick((0, 1, 3, 25)))
        if kind == 13:
            return TransferAsset(sub, chooser.pick((0, FUND, FUND + 1)), COIN, chooser.pick((1, 9)))
        return super().errand()

    def queue_on_l1(self) -> None:
        """Queue something on L1, for a fund as often as for anybody."""
        super().queue_on_l1()
        if self.chooser.number(0, 1):
            owner = address_of(trader_key(self.chooser.number(0, 1)))
            kind = self.chooser.pick((InboxKind.DEPOSIT, InboxKind.FORCED_WITHDRAW))
            item = InboxItem(kind, owner, FUND, Micros(3 * USDC), Millis(self.world.now))
            self.world.inbox.append(item)
