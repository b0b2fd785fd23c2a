"""One play: everybody deposits and opens, the path runs, what is left is settled.

Each step everybody acts on what the last block left; their transactions go to the
node in one batch, and the node makes a block of them (:mod:`devnet.scenarios.lockstep`).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from devnet.genesis import devnet_rules
from devnet.identities import identity_of
from devnet.prices import BASE_USD
from devnet.scenarios.crowd import Crowd
from devnet.scenarios.depth import Books
from devnet.scenarios.hand import Hand
from devnet.scenarios.keepers import Keepers
from devnet.scenarios.lockstep import Lockstep
from devnet.scenarios.makers import Maker
from devnet.scenarios.observer import Observer
from devnet.scenarios.population import draw_cast
from devnet.scenarios.publishers import say_prices
from devnet.scenarios.scenario import Scenario
from devnet.scenarios.scene import Scene
from devnet.scenarios.tally import Tally
from proto.sextant.v1 import common_pb2, query_pb2, sequencer_pb2
from sextant.client.market import Market
from sextant.errors import ClientError
from statemachine.actions import PoolSupply, VaultDeposit
from statemachine.units import Micros

SETUP_STEP_MS: Final = 1_000
PATH_FROM_MS: Final = 300_000
"""Paths begin on whole five minutes, however long everybody took to open."""
SAMPLE_MS: Final = 10_000
SETTLE_S_MAX: Final = 3_600
"""How long after the path liquidations may take to end."""
INBOX_STEPS_MAX: Final = 2_000
LAST_WITHDRAWALS: Final = 50
ROOT_SECONDS_MAX: Final = 120.0
ROOT_POLL_S: Final = 0.05

OnProgress = Callable[[str, int, int], None]


@final
@dataclass(slots=True)
class Batch:
    """What goes into the next block, and whose it is."""

    signed: list[bytes] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def add(self, kind: str, signed: Sequence[bytes]) -> None:
        """Add one actor's transactions."""
        self.signed += signed
        self.kinds += [kind] * len(signed)


@final
class Play:
    """A scenario on one exchange; ``rng`` and everything else follow from the seed."""

    def __init__(
        self, scenario: Scenario, accounts: int, seed: int, lockstep: Lockstep, say: OnProgress
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.lockstep = lockstep
        self.say = say
        rules = devnet_rules()
        markets = {market.market: market for market in rules.markets}
        self.observer = Observer(rules)
        first = {}
        for number, market in markets.items():
            symbol = market.symbol.decode()
            units = Market(
                id=number, name=symbol, lot_decimals=market.lot_decimals, tick=market.tick
            )
            first[number] = units.price(scenario.first_usd.get(symbol, BASE_USD[symbol]))
        hand = Hand(self.observer.domain)
        self.scene = Scene(scenario, hand, self.observer, markets, first, seed)
        self.cast = draw_cast(scenario, rules, first, accounts, seed)
        self.crowd = Crowd(self.cast, f"crowd/{seed}")
        self.makers = [
            Maker(who, markets[number], self.cast.depth_micros[number] // len(people), place)
            for number, people in self.cast.makers.items()
            for place, who in enumerate(people)
        ]
        self.keepers = Keepers(self.cast.keepers, scenario.population.pokes)
        self.books = Books(markets)
        self.tally = Tally()
        self.insurance_before = 0
        self.settled_s = 0
        self.underwater: list[int] = []

    # Steps

    async def step(self, forward_ms: int, batch: Batch | None = None) -> list[int]:
        """Make a block of a batch, and follow it; return the codes of its transactions."""
        batch = batch or Batch()
        outcome, blocks = await self.lockstep.step(forward_ms, batch.signed)
        touched: set[int] = set()
        for block in blocks:
            self.follow(block, touched)
        self.scene.touched = touched
        return self.note_outcome(batch, outcome)

    def follow(self, block: query_pb2.Block, touched: set[int]) -> None:
        """Take in one block of the node."""
        result = self.observer.follow(block)
        self.books.follow(result.events)
        self.tally.note(result.events, self.scene, touched)
        self.tally.blocks += 1

    def note_outcome(self, batch: Batch, outcome: sequencer_pb2.BatchOutcome) -> list[int]:
        """Count what became of each transaction; return their first codes."""
        receipt = 0
        codes = []
        for place, kind in enumerate(batch.kinds):
            count = outcome.receipt_counts[place]
            found = list(outcome.codes[receipt : receipt + count])
            self.tally.note_answers(kind, found)
            codes += found[:1] or [-1]
            receipt += count
        for item in outcome.refusals:
            reason = common_pb2.Reason.Name(item.refusal.reason).removeprefix("REASON_")
            self.tally.refusals[reason] += 1
        return codes

    async def ordinary(self, forward_ms: int, batch: Batch) -> list[int]:
        """Make a step in which makers and publishers do their part as well."""
        self.scene.hand.now = self.lockstep.now + forward_ms
        whole = Batch()
        whole.add("oracle", say_prices(self.scene, self.seed))
        for maker in self.makers:
            whole.add("maker", maker.act(self.scene))
        whole.signed += batch.signed
        whole.kinds += batch.kinds
        return await self.step(forward_ms, whole)

    # Acts

    async def prepare(self) -> None:
        """Let everybody deposit, makers quote, depositors back the vaults, traders open."""
        deposits = self.cast.deposits()
        self.say("deposits", 0, len(deposits))
        await self.lockstep.deposit_all(identity_of("scenario-purse"), deposits)
        for _ in range(INBOX_STEPS_MAX):
            await self.step(SETUP_STEP_MS)
            cursor = self.observer.view.cursor
            self.say("deposits", cursor.inbox_index, len(deposits))
            if cursor.inbox_index >= len(deposits):
                break
        for trader in self.cast.traders:
            trader.account = self.observer.account_of(trader.who.address)
        for maker in self.makers:
            maker.portfolio = self.observer.account_of(maker.who.address) << 8
        await self.ordinary(SETUP_STEP_MS, Batch())
        await self.back_vaults()
        openings = self.crowd.openings(self.scene)
        count = done = sum(len(trader.holdings) for trader in self.cast.traders)
        done = 0
        while True:
            self.scene.hand.now = self.lockstep.now + SETUP_STEP_MS
            chunk = next(openings, None)
            if chunk is None:
                break
            batch = Batch()
            batch.add("open", chunk)
            await self.ordinary(SETUP_STEP_MS, batch)
            done += len(chunk)
            self.say("opening", done, count)
        await self.place_stops()

    async def back_vaults(self) -> None:
        """Let depositors buy shares of every vault, and supply the lending pool."""
        self.scene.hand.now = self.lockstep.now + SETUP_STEP_MS
        batch = Batch()
        for number, micros in self.cast.vault_micros.items():
            each = Micros(micros // len(self.cast.depositors))
            for who in self.cast.depositors:
                action = VaultDeposit(0, number, each)
                batch.add("vault", [self.scene.hand.sign(who, action)])
        lent = Micros(self.cast.pool_micros // len(self.cast.depositors))
        for who in self.cast.depositors:
            batch.add("pool", [self.scene.hand.sign(who, PoolSupply(0, lent))])
        await self.ordinary(SETUP_STEP_MS, batch)

    async def place_stops(self) -> None:
        """Let those who want a stop place it, a few hundred at a time."""
        self.scene.hand.now = self.lockstep.now + SETUP_STEP_MS
        stops = self.crowd.stops(self.scene)
        for start in range(0, len(stops), 300):
            batch = Batch()
            batch.add("stop", stops[start : start + 300])
            await self.step(SETUP_STEP_MS if start == 0 else 1, batch)

    async def perform(self) -> None:
        """Run the path."""
        scenario, scene = self.scenario, self.scene
        begin = self.lockstep.now - self.lockstep.now % PATH_FROM_MS + PATH_FROM_MS
        await self.idle_until(begin - scenario.step_ms)
        self.keepers.watch.known.update(one.portfolio for one in self.cast.traders)
        self.insurance_before = self.observer.view.ledger().insurance
        end = scenario.seconds * 1000
        sampled = -SAMPLE_MS
        while scene.ms <= end:
            if scenario.outage is not None and scene.ms == scenario.outage[0] * 1000:
                await self.go_dark(begin, scenario.outage[1] * 1000)
            batch = Batch()
            scene.hand.now = begin + scene.ms
            batch.add("keeper", self.keepers.act(scene))
            batch.add("trader", self.crowd.act(scene))
            codes = await self.withdraw(batch, begin + scene.ms - self.lockstep.now)
            self.count_withdrawals("during", codes)
            if scene.ms - sampled >= SAMPLE_MS:
                sampled = scene.ms
                self.sample()
                self.say("path", scene.second, scenario.seconds)
            scene.ms += scenario.step_ms

    async def withdraw(self, batch: Batch, forward_ms: int) -> list[int]:
        """Make a step with somebody's withdrawal in it; return its codes."""
        withdrawals = self.crowd.withdraw_now(self.scene)
        batch.add("withdraw", withdrawals)
        codes = await self.ordinary(forward_ms, batch)
        return codes[len(codes) - len(withdrawals) :] if withdrawals else []

    def count_withdrawals(self, when: str, codes: Sequence[int]) -> None:
        """Count the withdrawals that were tried."""
        for code in codes:
            self.tally.withdrawals[f"{when}: {'accepted' if code == 0 else 'refused'}"] += 1

    async def idle_until(self, time: int) -> None:
        """Let quiet time pass, with prices and quotes."""
        while self.lockstep.now < time:
            await self.ordinary(min(30_000, time - self.lockstep.now), Batch())

    async def go_dark(self, begin: int, until_ms: int) -> None:
        """Kill the sequencer; let L1 go on; go on once the sequencer is back."""
        await self.lockstep.crash_sequencer()
        while self.scene.ms < until_ms:
            self.sample()
            self.scene.ms += self.scenario.step_ms * -(-SAMPLE_MS // self.scenario.step_ms)
            await self.lockstep.advance_l1(begin + self.scene.ms)
        await self.lockstep.await_serving()

    async def settle(self) -> None:
        """Go on at the last price until nobody is being liquidated; then all withdraw."""
        scene, scenario = self.scene, self.scenario
        last = scene.ms
        while scene.ms - last <= SETTLE_S_MAX * 1000:
            scene.hand.now = self.lockstep.now + scenario.step_ms
            pokes = self.keepers.act(scene)
            if not pokes and not self.keepers.watch.flagged:
                break
            batch = Batch()
            batch.add("keeper", pokes)
            await self.ordinary(scenario.step_ms, batch)
            scene.ms += scenario.step_ms
            if (scene.ms - last) % SAMPLE_MS < scenario.step_ms:
                self.sample()
        self.settled_s = (scene.ms - last) // 1000
        scene.hand.now = self.lockstep.now + scenario.step_ms
        chosen = [one for one in self.cast.traders if self.can_leave(one.portfolio)]
        signed = self.crowd.withdrawals(scene, chosen[:LAST_WITHDRAWALS])
        batch = Batch()
        batch.add("withdraw", signed)
        codes = await self.ordinary(scenario.step_ms, batch)
        self.count_withdrawals("after", codes[len(codes) - len(signed) :] if signed else [])
        self.sample()
        self.underwater = [
            one.portfolio for one in self.cast.traders if self.equity(one.portfolio) < 0
        ]

    def can_leave(self, name: int) -> bool:
        """Return whether a portfolio has something that its margin does not need."""
        portfolio = self.observer.portfolio(name)
        if portfolio is None or portfolio.balance <= 0:
            return False
        margin = self.observer.margin(portfolio)
        return margin.free > portfolio.balance // 3

    def equity(self, name: int) -> int:
        """Return a portfolio's equity in micros."""
        portfolio = self.observer.portfolio(name)
        return 0 if portfolio is None else self.observer.margin(portfolio).equity

    def sample(self) -> None:
        """Remember this moment for the charts."""
        watch = self.keepers.watch
        self.tally.sample(self.scene, self.books, len(watch.flagged), self.keepers.waiting)

    async def compare_roots(self) -> tuple[bytes, bytes]:
        """Return the node's root after the last block, and the observer's of the same state.

        Raises
        ------
        ClientError
            The node has no root in time.
        """
        client = self.lockstep.client
        deadline = asyncio.get_running_loop().time() + ROOT_SECONDS_MAX
        while asyncio.get_running_loop().time() < deadline:
            status = await client.status()
            if status.roots.height >= self.observer.height:
                block = await client.block(self.observer.height)
                return block.segment_roots[-1], self.observer.root()
            await asyncio.sleep(ROOT_POLL_S)
        raise ClientError("ROOTS", "the node has no root of its last block")
