"""Worlds of attesters: four stakes, an escrow, and a claim to vouch for."""

from prover.bls import Bls
from prover.contract.attesters import (
    attestation_digest,
    bitmap_of,
)
from prover.contract.calls import (
    Attest,
    ClaimWithdrawal,
    Deposit,
    JoinAttesters,
    SlashAttesters,
    propose_output,
)
from prover.contract.context import CallResult
from prover.outputs import Output
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.fake_bls import FakeBls
from tests.l1_worlds import (
    CHALLENGER,
    CHEAT,
    GENESIS_MS,
    L1_CHAIN_ID,
    PROPOSER,
    SALT,
    STAKED,
    USER,
    WINDOW_MS,
    L1World,
    deployment,
    output_with,
)

STAKE = 10_000_000
FREEZE_MS = 200_000
PAYEE = b"\x99" * 20
SPAN_MS = 2 * WINDOW_MS
LATE_MS = GENESIS_MS - GENESIS_MS % SPAN_MS + SPAN_MS - 20_000
"""Shortly before a span ends."""


class Guild:
    """Four attesters of 10 USDC each, an escrow of 50, and a pending claim of withdrawals."""

    def __init__(
        self,
        amounts: tuple[int, ...] = (2_000_000,),
        asset: int = 0,
        start: int = GENESIS_MS,
        bls: Bls | None = None,
        **changes: int,
    ) -> None:
        self.bls: Bls = bls or FakeBls()
        named = {"attester_micros_min": STAKE, "attested_ppm": 500_000, "freeze_ms": FREEZE_MS}
        rules = deployment(**named | changes)
        self.world = L1World(rules, time=start, bls=self.bls)
        self.world.deposit(50_000_000)
        assert self.world.call(USER, Deposit(USER, 0, 9_000_000, STAKED)).ok
        for number, person in enumerate((PROPOSER, CHEAT, CHALLENGER, USER)):
            assert self.world.call(person, self.join(number + 1)).value == number
        self.world.append()
        self.leaves = [encode_withdrawal(USER, a, GENESIS_MS, asset) for a in amounts]
        self.tree = self.tree_of(self.leaves)
        self.claim = self.propose(self.tree)

    def tree_of(self, leaves: list[bytes]) -> Tree:
        return Tree.from_items((withdrawal_key(i), leaf) for i, leaf in enumerate(leaves))

    def propose(self, tree: Tree, parent: int = 0) -> int:
        output, trace = output_with(self.world.state.claims[parent].output, tree.root)
        made = self.world.call(PROPOSER, propose_output(parent, output, trace))
        assert made.ok, made
        return made.value

    def join(self, secret: int, amount: int = STAKE) -> JoinAttesters:
        return JoinAttesters(self.bls.key_of(secret), self.bls.prove_possession(secret), amount)

    def output(self, claim: int) -> Output:
        return self.world.state.claims[claim].output

    def signature(self, numbers: list[int], output: Output) -> bytes:
        contract = self.world.rules.rules.rollup
        digest = attestation_digest(L1_CHAIN_ID, contract, output.hash)
        return self.bls.aggregate([self.bls.sign(n + 1, digest) for n in numbers])

    def attestation(self, numbers: list[int], claim: int | None = None) -> Attest:
        about = self.claim if claim is None else claim
        return Attest(about, bitmap_of(numbers), self.signature(numbers, self.output(about)))

    def attest(self, *numbers: int, claim: int | None = None) -> CallResult:
        return self.world.call(CHEAT, self.attestation(list(numbers), claim))

    def withdrawal(self, index: int = 0, claim: int | None = None) -> ClaimWithdrawal:
        return ClaimWithdrawal(
            self.claim if claim is None else claim, index, self.proof(self.tree, index)
        )

    def proof(self, tree: Tree, index: int) -> bytes:
        recording = RecordingTree(tree)
        recording.get(withdrawal_key(index))
        return recording.witness({})

    def slash(self, claim: int, numbers: list[int], signature: bytes = b"") -> SlashAttesters:
        output = self.output(claim).encode()
        return SlashAttesters(output, bitmap_of(numbers), signature, PAYEE, SALT)

    def tokens(self, person: bytes) -> int:
        return self.world.state.account_of(person).token


def lie(guild: Guild) -> int:
    """Return a false claim, attested, under which the cheat was paid 4 USDC ahead."""
    world = guild.world
    false_tree = guild.tree_of([encode_withdrawal(CHEAT, 4_000_000, GENESIS_MS)])
    false = guild.propose(false_tree)
    assert guild.attest(0, 1, 3, claim=false).ok
    call = ClaimWithdrawal(false, 0, guild.proof(false_tree, 0))
    assert world.call(CHEAT, call).ok
    return false
