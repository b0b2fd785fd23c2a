"""Who works on the challenger himself: kills him, cuts him off, makes his calls dear."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from node.storage.database import Database
from prover.contract.bank import burn_eth
from prover.contract.calls import CommitFault, ProveFault
from prover.contract.prices import fee_of
from prover.contract.records import ClaimStatus
from prover.keeper import SCHEMA
from prover.purse import Purse
from tests.adversaries.actors.disputes import ended, richer, traded
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import GAS_PRICE, MAKER, SELL, WINDOW_MS, Land
from tests.simulation.test_challenger import DEFENDER, Post


def attacked() -> tuple[Land, int]:
    """Return a land with a wrong claim in it, and the claim's number."""
    land = traded()
    wrong = land.lie(richer(land, land.derived[-1]), land.claim_honestly(1))
    return land, wrong


class Mortal:
    """A defender who is killed again and again, and comes back with what is on his disk."""

    def __init__(self, land: Land, folder: Path) -> None:
        self.land = land
        self.folder = folder
        self.said = ""

    @contextmanager
    def life(self) -> Iterator[Post]:
        """Live from a start to a kill."""
        with Database(self.folder, SCHEMA) as disk:
            post = self.land.station(disk=disk)
            yield post
            self.said += post.said

    def live(self, rounds: int) -> None:
        """Make so many rounds, and die before L1 answers the last call."""
        with self.life() as post:
            for left in reversed(range(rounds)):
                self.land.chain.lose_answers = int(left == 0)
                post.round()
                self.land.chain.lose_answers = 0
                self.land.chain.mine()


def count_of(land: Land, kind: type) -> int:
    """Return how many calls of a kind L1 has seen."""
    return sum(isinstance(call, kind) for call in land.chain.calls)


def die_daily(land: Land, wrong: int, lives: list[int]) -> str:
    """Live so many rounds at a time; return what became of the claim, and by how many calls."""
    with TemporaryDirectory() as folder:
        mortal = Mortal(land, Path(folder) / "store")
        for rounds in lives:
            mortal.live(rounds)
    assert "going on with the commitment of L1 block" in mortal.said
    calls = [count_of(land, kind) for kind in (CommitFault, ProveFault)]
    return f"{land.verdict_on(wrong)}, by {calls[0]} commitment and {calls[1]} proof"


@adversary("challenger killed mid-proof", "11", "SEGMENT convicted, by 1 commitment and 1 proof")
def killed() -> Outcome:
    """Kill the challenger after each of his calls, before he hears of it."""
    land, wrong = attacked()
    return ended(land, wrong, die_daily(land, wrong, [1, 2, 1, 2]))


@adversary(
    "challenger killed in every block", "11", "SEGMENT convicted, by 1 commitment and 1 proof"
)
def killed_in_every_block() -> Outcome:
    """Let no life of the challenger's last longer than one L1 block."""
    land, wrong = attacked()
    return ended(land, wrong, die_daily(land, wrong, [1] * 6))


@adversary("challenger who lost his disk", "11", "SEGMENT convicted")
def robbed() -> Outcome:
    """Kill the challenger after his commitment, and take his disk as well."""
    land, wrong = attacked()
    land.fight(rounds=1)
    assert count_of(land, CommitFault) == 1
    land.fight()
    return ended(land, wrong, land.verdict_on(wrong))


@adversary("challenger cut off from L1", "11", "SEGMENT convicted")
def cut_off() -> Outcome:
    """Keep the challenger from reading L1 for most of the window."""
    land, wrong = attacked()
    land.chain.mine(1, WINDOW_MS * 8 // 10)
    land.fight()
    return ended(land, wrong, land.verdict_on(wrong))


@adversary("gas spike", "9", "SEGMENT convicted")
def gas_spike() -> Outcome:
    """Make gas as dear as the deployment foresees, for as long as the dispute takes."""
    land, wrong = attacked()
    land.chain.gas_price = land.deployment.gas_price_max
    land.fight()
    verdict = land.verdict_on(wrong)
    outcome_at_peak = land.is_paid(convicted=True)
    land.chain.gas_price = GAS_PRICE
    outcome = ended(land, wrong, verdict)
    assert outcome_at_peak
    return outcome


@adversary("fee spike at proof time", "9", "SEGMENT convicted, after bids were raised")
def spike_at_proof_time() -> Outcome:
    """Fill L1's blocks from the moment the proof is signed: gas rises by 1/8 a block to the bound.

    Blocks are full besides: a call waits for nine, and what it bid at first is too little by then.
    """
    land, wrong = attacked()
    chain = land.chain
    land.fight(rounds=1)
    assert count_of(land, CommitFault) == 1
    began, price_max = chain.block, land.deployment.gas_price_max
    chain.wait_blocks = 9

    def rise(block: int) -> int:
        """Return the base fee of full blocks since the attack began."""
        price = GAS_PRICE
        for _ in range(max(0, block - began - 1)):
            price = min(price + price // 8, price_max)
        return price

    chain.price_at = rise
    land.fight()
    verdict = land.verdict_on(wrong)
    paid = land.is_paid(convicted=True)
    chain.price_at, chain.gas_price, chain.wait_blocks = None, GAS_PRICE, 0
    if chain.raised:
        verdict += ", after bids were raised"
    outcome = ended(land, wrong, verdict)
    assert paid
    return outcome


@adversary("many claims in a row", "4", "5 of 5 convicted")
def persistent() -> Outcome:
    """Make another wrong claim about every entry, each on what was last agreed."""
    land = traded()
    convicted = 0
    post = None
    for _ in range(5):
        derived = land.post([land.order(MAKER, SELL, 1)])
        parent = land.claim_honestly(derived.facts.index)
        wrong = land.lie(richer(land, derived), parent)
        post = land.fight(post, rounds=5)
        convicted += land.status_of(wrong) is ClaimStatus.CONVICTED
    return ended(land, wrong, f"{convicted} of 5 convicted")


LIES = 8
TWO_DISPUTES_GAS = 1_200_000
POOR_GAS = 7_000_000
"""L1 asks who sends a small proof to hold the fee of some four million."""


@adversary("lies until the purse is empty", "11", f"{LIES} of {LIES} convicted")
def drained_purse() -> Outcome:
    """Be convicted again and again, until the defender has spent all that he may."""
    land = traded()
    derived, parent = land.derived[-1], land.claim_honestly(1)
    post = land.station()
    defence = post.core.docket.defence
    assert defence is not None
    defence.purse = Purse(spend_gwei_max=fee_of(TWO_DISPUTES_GAS, GAS_PRICE), is_repaid=True)
    wrong = []
    for n in range(LIES):
        wrong.append(land.lie(richer(land, derived, n + 1), parent))
        land.fight(post, 5)
    convicted = [n for n in wrong if land.status_of(n) is ClaimStatus.CONVICTED]
    return ended(land, wrong[0], f"{len(convicted)} of {LIES} convicted")


CROWD = 60


@adversary("more lies than the wallet pays for", "11", f"{CROWD} of {CROWD} convicted")
def poor_defender() -> Outcome:
    """Make so many wrong claims at once that a defender spends all he holds on commitments."""
    land = traded()
    derived, parent = land.derived[-1], land.claim_honestly(1)
    state = land.chain.contract.state
    burn_eth(state, DEFENDER, land.eth(DEFENDER) - fee_of(POOR_GAS, GAS_PRICE))
    land.start[DEFENDER] = land.eth(DEFENDER)
    wrong = [land.lie(richer(land, derived, n + 1), parent, 0) for n in range(CROWD)]
    land.fight(rounds=16)
    convicted = [n for n in wrong if land.status_of(n) is ClaimStatus.CONVICTED]
    return ended(land, wrong[0], f"{len(convicted)} of {CROWD} convicted")


@adversary("more lies than the purse allows", "11", f"{CROWD} of {CROWD} convicted")
def bounded_defender() -> Outcome:
    """Make so many wrong claims at once that commitments alone are all a defender may spend."""
    land = traded()
    derived, parent = land.derived[-1], land.claim_honestly(1)
    wrong = [land.lie(richer(land, derived, n + 1), parent, 0) for n in range(CROWD)]
    post = land.station()
    defence = post.core.docket.defence
    assert defence is not None
    defence.purse = Purse(spend_gwei_max=fee_of(2 * TWO_DISPUTES_GAS, GAS_PRICE), is_repaid=True)
    land.fight(post, 5 * CROWD)
    convicted = [n for n in wrong if land.status_of(n) is ClaimStatus.CONVICTED]
    return ended(land, wrong[0], f"{len(convicted)} of {CROWD} convicted")
