"""People around a town who want something of L1, and see to it that L1 has it.

Each looks at L1 once in a tick and does what is missing: what a re-org took back is
done again, as its owner would, once he sees that it is gone.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from prover.attester import Attester, Seal
from prover.bls import default_bls, secret_from
from prover.board import Board
from prover.challenger import Challenger
from prover.contract.calls import (
    BuyWithdrawal,
    Call,
    Freeze,
    JoinAttesters,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    RefundDeposit,
    RegisterPortfolio,
)
from prover.contract.escape import OF_PORTFOLIO, name_of
from prover.contract.freeze import freeze_from
from prover.contract.records import Claim
from prover.equity import committed_sums, worth_of_portfolio
from prover.patrol import Patrol
from prover.replica import genesis_replica
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxKind
from statemachine.keys import TABLE_PORTFOLIO, withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.state import State
from tests.simulation.memory_l1 import MemoryL1
from tests.worlds import GENESIS_MS

if TYPE_CHECKING:
    from tests.simulation.town import Town

BUYER_KEY: Final = b"\x63" * 32
ATTESTER_KEY: Final = b"\x64" * 32
BUYER, ATTESTER = address_of(BUYER_KEY), address_of(ATTESTER_KEY)
PRICE: Final = 3_900_000
STAKE: Final = 100_000_000
FOREVER: Final = 1 << 60


class Townsman:
    """Who acts once in a tick."""

    def __init__(self, town: "Town") -> None:
        self.town = town

    async def act(self) -> None:
        """Look at L1, and do what is missing."""
        raise NotImplementedError

    async def send(self, who: bytes, call: Call) -> bool:
        """Make a call; return whether it took effect."""
        return (await MemoryL1(self.town.l1, who).send(call)).ok

    def shown(self) -> tuple[Claim, bytes] | None:
        """Return the oldest living claim that shows the withdrawal, and the proof."""
        town, keys = self.town, [withdrawal_key(0)]
        for claim in town.state.claims[1:]:
            found = town.follower.prove(keys, claim.output.log_index)
            if claim.status.is_dead or found is None or found[0] != claim.output.post_root:
                continue
            if town.trees[found[0]].get(keys[0]) is not None:
                return claim, found[1]
        return None


class Traders(Townsman):
    """The user offers his withdrawal, and somebody buys it."""

    async def act(self) -> None:
        """Offer it, or buy what is offered."""
        from tests.simulation.town import USER  # noqa: PLC0415  a town has its folk

        offers = list(self.town.state.sales.items())
        shown = self.shown()
        if not offers and shown is not None:
            claim, proof = shown
            await self.send(USER, OfferWithdrawal(claim.number, 0, PRICE, FOREVER, proof))
        for name, sale in offers:
            if not sale.buyer:
                await self.send(BUYER, BuyWithdrawal(name, PRICE))


class Vouchers(Townsman):
    """An attester, and a user who does not wait."""

    def __init__(self, town: "Town") -> None:
        super().__init__(town)
        contract, bls = town.contract, default_bls()
        core = Challenger(contract, genesis_replica(contract.rules, GENESIS_MS), lambda: 0, None)
        board = Board("watch", town.stream, as_json=False, path=None, port=None)
        patrol = Patrol(MemoryL1(town.l1, ATTESTER), core, board, None, lambda: GENESIS_MS)
        self.seal = Seal(0, secret_from(ATTESTER_KEY), bls)
        self.attester = Attester(patrol, self.seal)

    async def act(self) -> None:
        """Have a stake, vouch for what is right, and claim what is vouched for."""
        town, bls, secret = self.town, self.seal.bls, self.seal.secret
        if not town.state.attesters:
            possession = bls.prove_possession(secret)
            await self.send(ATTESTER, JoinAttesters(bls.key_of(secret), possession, STAKE))
            return
        await self.attester.make_round()
        shown = self.shown()
        if town.state.attestations and not town.state.ahead and shown is not None:
            claim, proof = shown
            await MemoryL1(town.l1).claim_withdrawal(claim.number, 0, proof)


class Leavers(Townsman):
    """Everybody, once the sequencer has fallen silent: freeze, register, be paid."""

    async def act(self) -> None:
        """Do what is next."""
        town = self.town
        if not town.silent:
            return
        books = town.state.books.record
        if town.state.frozen.record is None:
            await self.freeze()
        elif books is None:
            if not town.state.pending:
                claim = town.state.claims[town.state.newest_final]
                await self.send(BUYER, OpenEscape(self.proof(claim, committed_all)))
        elif town.l1.time < books.opened_at + town.contract.escape_ms:
            await self.register(town.state.claims[books.claim])
        else:
            await self.share_out()

    async def freeze(self) -> None:
        """Freeze the exchange, once something has waited for long enough."""
        town = self.town
        start = freeze_from(town.state, town.contract)
        if start is None:
            return
        if town.l1.time < start:
            town.l1.mine(1, start - town.l1.time)
        await self.send(BUYER, Freeze(town.state.newest_final, b""))

    def proof(self, claim: Claim, read: Callable[[State], object]) -> bytes:
        """Return the witness of all that ``read`` reads in the state under a claim."""
        recording = RecordingTree(self.town.trees[claim.output.post_root])
        read(State(recording, self.town.contract.rules))
        return recording.witness({})

    async def register(self, claim: Claim) -> None:
        """Register whatever portfolio L1 does not have yet."""
        for key in dict(self.town.trees[claim.output.post_root].items()):
            if key[0] != TABLE_PORTFOLIO:
                continue
            account, sub = int.from_bytes(key[1:5], "big"), key[5]
            worth = worth_under(account, sub)
            if name_of(OF_PORTFOLIO, account, sub) not in self.town.state.registered:
                proof = self.proof(claim, worth)
                await self.send(BUYER, RegisterPortfolio(account, sub, proof))

    async def share_out(self) -> None:
        """Have everybody paid, and give back what was never credited."""
        state = self.town.state
        for address, owed in list(state.owed.items()):
            if owed.net and not owed.paid:
                await self.send(BUYER, PayEscape(address))
        for queued in state.inbox[:]:
            if queued.item.kind is InboxKind.DEPOSIT and queued.index not in state.refunded:
                await self.send(BUYER, RefundDeposit(queued.index))


def committed_all(state: State) -> object:
    """Read all that the books need."""
    return list(committed_sums(state))


def worth_under(account: int, sub: int) -> Callable[[State], object]:
    """Return what reads all that values a portfolio."""
    return lambda state: worth_of_portfolio(state, account, sub)
