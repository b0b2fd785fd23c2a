"""An exchange that stopped: a real state under a final claim, and an L1 that is frozen.

The exchange is played as in ``tests.worlds``; L1 got the same deposits, and some
more that came too late.  Then the sequencer is silent for good.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from prover.contract.calls import (
    Call,
    Deposit,
    Freeze,
    OpenEscape,
    PayEscape,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
    propose_output,
)
from prover.contract.context import CallResult
from prover.contract.rules import ContractRules
from prover.equity import (
    ShareKind,
    committed_sums,
    worth_of_portfolio,
    worth_of_share,
    worth_of_withdrawal,
)
from prover.outputs import genesis_output
from statemachine import keys
from statemachine.actions import CreateFund, FundDeposit, PoolSupply, VaultDeposit, Withdraw
from statemachine.identity.signing import address_of
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.units import Micros, Millis
from tests.exchange_vectors.assets import ASSETS, LOT, MARKETS, STAKED, deposit_asset
from tests.exchange_vectors.scene import MAKER, MID, OTHER, SELL, TRADER, do, fall_to, place
from tests.l1_worlds import GENESIS_MS, L1_CHAIN_ID, PROPOSER, SEQUENCER, L1World, output_with
from tests.worlds import FREE_LOANS, USDC, World, trader_key, world_rules

FREEZE_MS = 3_600_000
ESCAPE_MS = 600_000
INBOX_DEADLINE_MS = 60_000
LENDER, LEADER, LATE = 3, 4, 5
"""Traders beside ``MAKER``, ``OTHER`` and ``TRADER``."""
FUND = 64
UNITS = 50 * LOT


def exchange_rules(**changes: Any) -> Rules:
    """Return rules with two markets and five assets, and loans that cost nothing."""
    named: dict[str, Any] = {
        "grace_ms": 0,
        "inbox_deadline_ms": INBOX_DEADLINE_MS,
        **FREE_LOANS,
    }
    return replace(world_rules(**named | changes), markets=MARKETS, assets=ASSETS)


def owner(trader: int) -> bytes:
    """Return a trader's address."""
    return address_of(trader_key(trader))


def busy_exchange() -> World:
    """Return an exchange in which everything that can be claimed is.

    The trader lost more than he had in sub-account 0, and has money in 1; there is
    a vault, a fund, a pool, another asset, and a withdrawal that nobody was paid.
    """
    world = World(exchange_rules())
    for trader, amount in ((MAKER, 1_000_000), (OTHER, 50_000), (LENDER, 20_000), (LEADER, 9_000)):
        world.deposit(trader, amount * USDC)
    world.deposit(TRADER, 400 * USDC)
    world.deposit(TRADER, 50 * USDC, sub=1)
    world.deposit(LEADER, 2_000 * USDC, sub=FUND)
    deposit_asset(world, UNITS, STAKED, trader=OTHER)
    world.run(*(world.prices(market.market, MID) for market in MARKETS))
    do(world, OTHER, VaultDeposit(0, 0, Micros(7_000 * USDC)))
    do(world, LENDER, PoolSupply(0, Micros(3_000 * USDC)))
    do(world, LEADER, CreateFund(FUND, 100_000, Millis(world.rules.fund_lock_ms_min)))
    leader = world.account(LEADER)
    do(world, OTHER, FundDeposit(leader, FUND, 0, Micros(1_000 * USDC)))
    do(world, LENDER, Withdraw(0, Micros(500 * USDC)))
    do(world, TRADER, place(1_000))
    do(world, MAKER, place(1_000, flags=SELL))
    do(world, MAKER, place(5, MID - 60_000, flags=0))
    return fall_to(world, MID - 480_000)


class StoppedExchange:
    """An exchange, its state as a tree, and the L1 under which it stopped."""

    def __init__(self, world: World, late: int = 3_000_000, **changes: Any) -> None:
        """Deposit on L1 what the exchange got, then ``late`` micros that it did not.

        ``changes`` are of the deployment.
        """
        self.world = world
        self.rules = world.rules
        values = world.store.values
        self.tree = Tree.from_items((key, values[key]) for key in sorted(values))
        self.l1 = L1World(replace(self.deployment(), **changes))
        for item in world.inbox:
            self.deposit(item.owner, item.sub, item.amount, item.asset)
        self.credited = len(world.inbox)
        self.l1.append()
        output, trace = output_with(
            self.l1.state.claims[0].output, self.tree.root, inbox_index=self.credited
        )
        made = self.l1.call(PROPOSER, propose_output(0, output, trace))
        assert made.ok, made
        self.claim = made.value
        if late:
            self.deposit(owner(LATE), 0, late)

    def deployment(self) -> ContractRules:
        """Return a contract with short deadlines for these rules."""
        root = Tree.from_items([(b"\x01", b"genesis")]).root
        return ContractRules(
            l1_chain_id=L1_CHAIN_ID,
            rules=self.rules,
            genesis=genesis_output(self.rules.chain_id, self.rules.hash, root),
            genesis_time_ms=GENESIS_MS,
            sequencer=SEQUENCER,
            window_ms=60_000,
            bond_gwei=1_000_000_001,
            commitment_blocks_min=2,
            deposit_micros_min=1_000_000,
            liveness_ms_max=3_700_000,
            freeze_ms=FREEZE_MS,
            escape_ms=ESCAPE_MS,
        )

    def deposit(self, address: bytes, sub: int, amount: int, asset: int = 0) -> None:
        """Deposit on L1."""
        contract = self.l1.contract
        if asset:
            contract.mint_asset(address, asset, amount)
        else:
            contract.mint(address, 0, amount)
        made = self.l1.call(address, Deposit(address, sub, amount, asset))
        assert made.ok, made

    def call(self, call: Call) -> CallResult:
        """Make a call that anybody may make."""
        return self.l1.call(PROPOSER, call)

    def freeze(self) -> None:
        """Wait until an item has waited for too long, and freeze."""
        self.l1.wait(INBOX_DEADLINE_MS + FREEZE_MS)
        frozen = self.call(Freeze(self.claim, b""))
        assert frozen.ok, frozen

    def open(self) -> None:
        """Freeze, and open the books."""
        self.freeze()
        opened = self.call(OpenEscape(self.proof(lambda state: list(committed_sums(state)))))
        assert opened.ok, opened

    def proof(self, read: Callable[[State], object]) -> bytes:
        """Return the witness of all that ``read`` reads."""
        recording = RecordingTree(self.tree)
        read(State(recording, self.rules))
        return recording.witness({})

    def portfolio_call(self, account: int, sub: int = 0) -> RegisterPortfolio:
        """Return the call that registers a portfolio."""
        proof = self.proof(lambda state: worth_of_portfolio(state, account, sub))
        return RegisterPortfolio(account, sub, proof)

    def share_call(self, kind: int, account: int, place: int) -> RegisterShare:
        """Return the call that registers shares."""
        proof = self.proof(lambda state: worth_of_share(state, kind, account, place))
        return RegisterShare(kind, account, place, proof)

    def withdrawal_call(self, index: int) -> RegisterWithdrawal:
        """Return the call that registers a withdrawal."""
        return RegisterWithdrawal(index, self.proof(lambda s: worth_of_withdrawal(s, index)))

    def claims(self) -> Iterator[Call]:
        """Yield a call for everything that the state knows and that is a claim."""
        state = State(self.tree, self.rules)
        for key in sorted(self.world.store.values):
            table = key[0]
            account = int.from_bytes(key[1:5], "big")
            if table == keys.TABLE_PORTFOLIO and worth_of_portfolio(state, account, key[5]):
                yield self.portfolio_call(account, key[5])
            elif table == keys.TABLE_SHARE:
                market, account = int.from_bytes(key[1:3], "big"), int.from_bytes(key[3:7], "big")
                yield self.share_call(ShareKind.VAULT, account, market)
            elif table == keys.TABLE_STAKE:
                fund, account = int.from_bytes(key[1:6], "big"), int.from_bytes(key[6:10], "big")
                yield self.share_call(ShareKind.FUND, account, fund)
            elif table == keys.TABLE_SUPPLY:
                yield self.share_call(ShareKind.POOL, account, 0)
            elif table == keys.TABLE_WITHDRAWAL:
                yield self.withdrawal_call(int.from_bytes(key[1:9], "big"))

    def register_all(self) -> None:
        """Register everything."""
        for call in self.claims():
            made = self.call(call)
            assert made.ok, made

    def pay_all(self) -> dict[bytes, int]:
        """Close the books and pay everybody; return what each owner had registered."""
        self.l1.wait(ESCAPE_MS)
        paid = {}
        for address, owed in list(self.l1.state.owed.items()):
            if owed.net:
                made = self.call(PayEscape(address))
                assert made.ok, made
                paid[address] = made.value
        return paid


def stopped() -> StoppedExchange:
    """Return the busy exchange, stopped."""
    return StoppedExchange(busy_exchange())


def silent(framed_at: int) -> StoppedExchange:
    """Return an exchange that consumed its inbox, and whose last valid frame was then."""
    world = busy_exchange()
    cursor = world.cursor
    cursor.framed_at = framed_at
    world.store.apply({keys.CURSOR_KEY: cursor.encode()})
    return StoppedExchange(world, late=0)


def ledger_proof(exchange: StoppedExchange) -> bytes:
    """Return the witness of a leaf that tells nothing of the cursor or of prices."""
    recording = RecordingTree(exchange.tree)
    recording.get(keys.LEDGER_KEY)
    return recording.witness({})
