"""Whatever attesters do together, a lie never pays, and the escrow is whole.

Liars vouch, leave, take what is paid ahead, have themselves slashed and rewarded, in
any order and at any time.  On the other side is one challenger, who convicts every
lie in its window, late, and later slashes whoever he saw vouch for it: they have time
to be first.
"""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from prover.contract.ahead import numbers_in
from prover.contract.attesters import attestation_digest, bitmap_of
from prover.contract.calls import (
    Attest,
    ClaimWithdrawal,
    CommitFault,
    JoinAttesters,
    LeaveAttesters,
    SlashAttesters,
    TakeStake,
    propose_output,
)
from prover.contract.slashing import slash_commitment
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.fake_bls import FakeBls
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHEAT,
    GENESIS_MS,
    L1_CHAIN_ID,
    PROPOSER,
    SALT,
    WINDOW_MS,
    L1World,
    deployment,
    output_with,
)

LEAST = 1_000_000
FREEZE_MS = WINDOW_MS + 20_000
RICH = 10**12
LIARS_MAX = 4
LIES_MAX = 4


@dataclass
class Gang:
    """Attesters who lie, others who do not, and a challenger who waits until late."""

    attested_ppm: int
    liars: list[int]
    honest: list[int]
    lies: list[tuple[int, Tree]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bls = FakeBls()
        self.died: dict[int, int] = {}
        rules = deployment(
            attester_micros_min=LEAST, attested_ppm=self.attested_ppm, freeze_ms=FREEZE_MS
        )
        self.world = L1World(rules, bls=self.bls)
        for who in (CHEAT, CHALLENGER, PROPOSER):
            self.world.contract.mint(who, 1000 * BOND, RICH)
        self.world.deposit(100_000_000)
        for who, stakes in ((CHEAT, self.liars), (PROPOSER, self.honest)):
            for stake in stakes:
                secret = len(self.world.state.attesters) + 1
                key, owned = self.bls.key_of(secret), self.bls.prove_possession(secret)
                assert self.world.call(who, JoinAttesters(key, owned, stake)).ok
        self.world.append()
        self.escrowed = self.world.state.totals.token_escrowed
        self.wealth = self.tokens

    @property
    def tokens(self) -> int:
        """What the liars have, their stakes with it."""
        state = self.world.state
        stakes = sum(state.attesters[number].micros for number in range(len(self.liars)))
        return state.account_of(CHEAT).token + stakes

    def lie(self, amount: int) -> None:
        """Claim that the cheat withdrew so much; the challenger has time for so many lies."""
        if len(self.lies) == LIES_MAX:
            return
        leaf = encode_withdrawal(CHEAT, amount, GENESIS_MS)
        tree = Tree.from_items([(withdrawal_key(len(self.lies)), leaf)])
        output, trace = output_with(self.world.state.claims[0].output, tree.root)
        made = self.world.call(CHEAT, propose_output(0, output, trace))
        if made.ok:
            self.lies.append((made.value, tree))

    def hash_of(self, place: int) -> bytes:
        """Return the hash of a lie's output."""
        return self.world.state.claims[self.lies[place][0]].output.hash

    def vouch(self, place: int, numbers: list[int]) -> None:
        """Let liars vouch for a lie."""
        rules, claim = self.world.rules, self.lies[place][0]
        digest = attestation_digest(L1_CHAIN_ID, rules.rules.rollup, self.hash_of(place))
        signed = self.bls.aggregate([self.bls.sign(number + 1, digest) for number in numbers])
        self.world.call(CHEAT, Attest(claim, bitmap_of(numbers), signed))

    def pay(self, place: int) -> None:
        """Ask for what a lie says."""
        claim, tree = self.lies[place]
        recording = RecordingTree(tree)
        recording.get(withdrawal_key(place))
        self.world.call(CHEAT, ClaimWithdrawal(claim, place, recording.witness({})))

    def slash(self, place: int, numbers: list[int], who: bytes) -> None:
        """Commit to slashing for a lie, wait, and do it."""
        output = self.world.state.claims[self.lies[place][0]].output
        names = bitmap_of(numbers)
        call = SlashAttesters(output.encode(), names, b"", who, SALT)
        self.world.call(who, CommitFault(slash_commitment(output.hash, names, who, SALT)))
        self.world.wait(1_000)
        self.world.call(who, call)

    def convict(self, place: int) -> None:
        """Convict a lie, unless that was done."""
        number = self.lies[place][0]
        if not self.world.status(number).is_dead:
            accusation = replace(self.world.accusation(number), salt=bytes([place]) * 32)
            assert self.world.commit(accusation).ok
            self.world.wait(1_000)
            assert self.world.call(CHALLENGER, accusation).ok
            self.died[place] = self.world.time

    def judge(self, *, all_of_them: bool = False) -> None:
        """Convict lies whose windows are half over; slash for those that died some time ago."""
        state = self.world.state
        for place, (number, _) in enumerate(self.lies):
            if all_of_them or self.world.time - state.claims[number].time > WINDOW_MS // 2:
                self.convict(place)
            dead_for = self.world.time - self.died.get(place, self.world.time)
            found = state.attestations.get(self.hash_of(place))
            if found is not None and (all_of_them or dead_for > WINDOW_MS // 4):
                alive = [n for n in numbers_in(found.signers) if state.attesters[n].micros]
                if alive:
                    self.slash(place, alive, CHALLENGER)


STAKES = st.lists(st.integers(2 * LEAST, 40 * LEAST), min_size=1, max_size=LIARS_MAX)
NUMBERS = st.lists(st.integers(0, LIARS_MAX - 1), min_size=1, max_size=LIARS_MAX, unique=True)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lie"), st.integers(1, 60 * LEAST)),
        st.tuples(st.just("vouch"), st.integers(0, 9), NUMBERS),
        st.tuples(st.just("pay"), st.integers(0, 9)),
        st.tuples(st.just("slash"), st.integers(0, 1), NUMBERS),
        st.tuples(st.just("convict"), st.integers(0, 9)),
        st.tuples(st.just("leave"), st.integers(0, LIARS_MAX - 1)),
        st.tuples(st.just("take"), st.integers(0, LIARS_MAX - 1)),
        st.tuples(st.just("wait"), st.integers(1, WINDOW_MS // 4)),
    ),
    min_size=4,
    max_size=24,
)


@settings(max_examples=200, deadline=None)
@given(
    liars=STAKES,
    share=st.integers(0, 100),
    attested_ppm=st.sampled_from([333_333, 500_000, 600_000, 666_667]),
    eager=st.integers(0, 3),
    steps=STEPS,
)
def test_a_lie_never_pays(
    liars: list[int],
    share: int,
    attested_ppm: int,
    eager: int,
    steps: list[tuple[str, int] | tuple[str, int, list[int]]],
) -> None:
    honest = [max(LEAST, sum(liars) * share // 200)] if share else []
    gang = Gang(attested_ppm, liars, honest)
    everyone = list(range(len(liars)))
    for place in range(min(eager, 2)):
        gang.lie(sum(liars + honest) * attested_ppm // 1_000_000 - place)
        gang.vouch(place, everyone)
    if eager:
        gang.pay(0)
    if eager > 2:
        gang.convict(1)
        gang.slash(1, everyone, CHEAT)
    for step in steps:
        gang.judge()
        name, value = step[0], step[1]
        numbers = sorted({number % len(liars) for number in step[2]}) if len(step) > 2 else []
        if name == "lie":
            gang.lie(value)
        elif name == "leave":
            gang.world.call(CHEAT, LeaveAttesters(value % len(liars)))
        elif name == "take":
            gang.world.call(CHEAT, TakeStake(value % len(liars)))
        elif name == "wait":
            gang.world.wait(value)
        elif not gang.lies:
            continue
        elif name == "vouch":
            gang.vouch(value % len(gang.lies), numbers)
        elif name == "pay":
            gang.pay(value % len(gang.lies))
        elif name == "convict":
            gang.convict(value % len(gang.lies))
        else:
            gang.slash(value % len(gang.lies), numbers, CHEAT)
    gang.judge(all_of_them=True)
    assert gang.world.state.totals.token_escrowed >= gang.escrowed
    assert gang.tokens <= gang.wealth
