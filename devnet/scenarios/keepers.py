"""Keepers: they watch every margin, and poke what is below maintenance, as fast as they may.

A portfolio far from its maintenance is not looked at again before prices have moved far
enough for it to matter: with notional ``N``, a move by ``m`` of every price takes at
most ``N * m`` off equity, and adds at most ``MM * m`` to maintenance.
"""

from heapq import heappop, heappush
from typing import Final, final

from devnet.identities import Identity
from devnet.scenarios.scene import Scene
from statemachine.actions import Poke
from statemachine.records import PORTFOLIO_LIQUIDATING, Portfolio
from statemachine.risk.collateral import collateral_of

MICRO: Final = 1_000_000_000
"""Moves are in parts per 10**9."""
ASSET_FACTOR: Final = 4
"""Assets are worth at most so many times what they count for."""
LOOKS_AGAIN_S: Final = 300
"""Funding moves equity without a price: after so long everybody is looked at."""


@final
class Watch:
    """Which portfolios may be poked, found without looking at all of them."""

    def __init__(self) -> None:
        self.moved = 0
        self.marks: dict[int, int] = {}
        self.due: list[tuple[int, int]] = []
        self.looked_at = -LOOKS_AGAIN_S
        self.known: set[int] = set()
        self.flagged: set[int] = set()

    def refresh(self, scene: Scene) -> list[int]:
        """Return the portfolios below maintenance that nobody poked yet, worst first."""
        self.follow_marks(scene)
        if scene.second - self.looked_at >= LOOKS_AGAIN_S:
            self.looked_at = scene.second
            due = set(self.known)
            self.due.clear()
        else:
            due = set(scene.touched)
            self.known |= due
            while self.due and self.due[0][0] <= self.moved:
                due.add(heappop(self.due)[1])
        found: list[tuple[int, int]] = []
        for name in sorted(due):
            portfolio = scene.observer.portfolio(name)
            if portfolio is not None:
                self.look(scene, portfolio, found)
        return [name for _, name in sorted(found)]

    def follow_marks(self, scene: Scene) -> None:
        """Add the largest move of any mark to how far everything has moved."""
        most = 0
        for number in scene.markets:
            mark = scene.mark(number)
            before = self.marks.get(number, mark)
            self.marks[number] = mark
            if before:
                most = max(most, -(-abs(mark - before) * MICRO // before))
        self.moved += most

    def look(self, scene: Scene, portfolio: Portfolio, found: list[tuple[int, int]]) -> None:
        """Look at one portfolio: note it, or when to look again."""
        name = portfolio.portfolio
        if portfolio.flags & PORTFOLIO_LIQUIDATING:
            self.flagged.add(name)
            return
        self.flagged.discard(name)
        view = scene.observer.view
        held = sum(
            abs(position.size) * view.market(position.market).mark
            for position in view.all_positions(portfolio)
        )
        if portfolio.assets:
            held += ASSET_FACTOR * collateral_of(view, portfolio)[0]
        if not held and portfolio.balance >= 0:
            return
        margin = scene.observer.margin(portfolio)
        room = margin.equity - margin.maintenance
        if room < 0:
            found.append((room * MICRO // max(1, margin.maintenance), name))
            heappush(self.due, (self.moved, name))  # until somebody pokes
            return
        exposed = max(1, held + margin.maintenance)
        heappush(self.due, (self.moved + room * MICRO // exposed, name))


@final
class Keepers:
    """Those who poke: so many portfolios a step each."""

    def __init__(self, who: list[Identity], pokes: int) -> None:
        self.who = who
        self.pokes = pokes
        self.watch = Watch()
        self.waiting = 0

    def act(self, scene: Scene) -> list[bytes]:
        """Return the pokes of this step."""
        found = self.watch.refresh(scene)
        room = self.pokes * len(self.who)
        self.waiting = max(0, len(found) - room)
        return [
            scene.hand.sign(self.who[place % len(self.who)], Poke(name >> 8, name & 255))
            for place, name in enumerate(found[:room])
        ]
