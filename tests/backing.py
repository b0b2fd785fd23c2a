"""Duels in which vaults take over, lose with what they took, and are joined at the wrong time."""

from dataclasses import replace

from statemachine.actions import PlaceOrder, Poke, VaultDeposit
from statemachine.units import Lots, Micros, Price
from tests.duels import TRADERS, Chooser
from tests.models.exchange.margin import margin_of
from tests.variety import VARIED, VariedDuel
from tests.worlds import USDC

BACKED = replace(
    VARIED,
    markets=tuple(replace(market, maintenance_ppm=30_000) for market in VARIED.markets[:2]),
    # Slices so small that what is flagged sinks to where the vault takes it.
    slice_ppm=1,
    slice_notional_min=USDC,
    slice_interval_ms=1_000,
    grace_updates_min=0,
)


class BackedDuel(VariedDuel):
    """A duel of traders as deep in as they may be, over vaults with little more than they need."""

    def __init__(self, chooser: Chooser) -> None:
        super().__init__(chooser, 100 * USDC, BACKED)
        self.world.deposit(3, 5_000 * USDC, sub=9)
        while self.model.inbox_index < len(self.world.inbox):
            self.wait(100)
            self.finish_block()
        for market in self.numbers:
            self.send_plainly(3, VaultDeposit(9, market, Micros(90 * USDC)))
        self.wait(100)
        self.finish_block()

    def send_plainly(self, trader: int, action: VaultDeposit | PlaceOrder | Poke) -> None:
        """Sign an action as one should."""
        self.pending.append(self.world.sign(trader, action))

    def random_block(self) -> None:
        """Let traders go as deep as they may, prices follow against them, and vaults be joined."""
        chooser, model = self.chooser, self.model
        market = chooser.pick(self.numbers)
        price = Price(self.price[market] // 10 * 10)
        if chooser.number(0, 3) == 0:
            # One against another, each with about as much as margin allows.
            one, other = chooser.pick(((0, 1), (1, 2), (2, 4)))
            size = Lots(chooser.pick((200, 250, 300)))
            self.send_plainly(one, PlaceOrder(0, market, 1, price, size))
            self.send_plainly(other, PlaceOrder(0, market, 0, price, size))
        elif chooser.number(0, 2) == 0:
            self.publish(market, chooser.pick((20, -20, 35, -35)))
        for trader in range(TRADERS):
            margin = margin_of(model, trader + 1 << 8)
            if 0 <= margin.equity < margin.maintenance:
                self.send_plainly(3, Poke(trader + 1, 0))
        for number in self.numbers:
            held = model.size_of(number, number)
            if held and chooser.number(0, 2):
                # On it goes, against the vault; and somebody wants a share of that.
                self.publish(number, -25 if held > 0 else 25)
                self.send_plainly(3, VaultDeposit(9, number, Micros(5 * USDC)))
        super().random_block()
