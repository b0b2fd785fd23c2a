"""What a defender makes of each answer that L1 can give."""

from dataclasses import replace

import pytest

from prover.accusation import Accusation
from prover.cases import SPENT_KEY, Case, KeptCase, Stage, decode_case, decode_spent
from prover.contract.calls import CommitFault, ProveFault
from prover.contract.codes import ContractCode
from prover.contract.gas import gas_of
from prover.contract.prices import fee_of
from prover.contract.rules import ContractRules
from prover.defence import PATIENCE_PARTS, Defence
from prover.durations import TIME_MS_MAX, tell_duration, tell_moment, tell_time
from prover.effects import Effect, Keep, Outbox, Said, Send
from prover.faults import FaultKind, commitment_of
from prover.l1 import CallReceipt, Heads, L1Block
from prover.purse import Purse
from statemachine.codec import pack
from statemachine.errors import FrameInvalid
from tests.l1_worlds import deployment

PAYEE = bytes(20)
SALT = bytes(32)
KEY = b"case"
GAS_PRICE = 1_000_000


def heads_at(number: int, gas_price: int = 0) -> Heads:
    block = L1Block(number, bytes(32), number * 1_000)
    return Heads(block, block, block, 0, gas_price)


def lagging(number: int, final: int, time: int) -> Heads:
    """Return heads of which the final one is not the latest; ``time`` is that of the latest."""
    latest, last = L1Block(number, bytes(32), time), L1Block(final, bytes(32), 0)
    return Heads(latest, latest, last, 0, 0)


def receipt_of(code: ContractCode, block: int = 10) -> CallReceipt:
    return CallReceipt(b"", block, code, code.name, 5, 0)


@pytest.fixture
def defence() -> Defence:
    rules: ContractRules = deployment()
    made = Defence(rules, PAYEE, {}, lambda: SALT, lambda: 0)
    made.cases[7] = case_of(b"witness")
    return made


def case_of(witness: bytes) -> Case:
    accusation = Accusation(FaultKind.SEGMENT, 3, bytes([1]) * 32, witness, "wrong")
    return Case(7, accusation, PAYEE, SALT, key=KEY)


def resumed(defence: Defence, witness: bytes = b"witness") -> Case:
    """Return the case of a life that begins with what is on disk."""
    case = case_of(witness)
    case.resume(decode_case(defence.kept[KEY]))
    return case


def calls_in(outbox: Outbox) -> list[object]:
    return [effect.call for effect in outbox.take() if isinstance(effect, Send)]


def levels_in(outbox: Outbox) -> list[str]:
    return [effect.level for effect in outbox.take() if isinstance(effect, Said)]


def test_commitment_comes_first_and_proof_when_it_is_old_enough(defence: Defence) -> None:
    outbox = Outbox()
    age = defence.deployment.commitment_blocks_min
    defence.on_head(heads_at(9), outbox)
    root = bytes([1]) * 32
    committed = commitment_of(int(FaultKind.SEGMENT), 7, 3, root, b"witness", PAYEE, SALT)
    assert calls_in(outbox) == [CommitFault(committed)]
    defence.on_head(heads_at(10), outbox)
    assert calls_in(outbox) == []
    defence.on_receipt(7, receipt_of(ContractCode.OK), outbox)
    outbox.take()
    for number in range(10, 10 + age - 1):
        defence.on_head(heads_at(number), outbox)
        assert calls_in(outbox) == []
    defence.on_head(heads_at(10 + age - 1), outbox)
    assert calls_in(outbox) == [
        ProveFault(int(FaultKind.SEGMENT), 7, 3, root, PAYEE, SALT, b"witness")
    ]


@pytest.mark.parametrize(
    ("code", "stage", "level"),
    [
        (ContractCode.OK, Stage.WON, "info"),
        (ContractCode.CLAIM_DEAD, Stage.WON, "info"),
        (ContractCode.COMMITMENT_UNKNOWN, Stage.COMMIT, "warning"),
        (ContractCode.COMMITMENT_YOUNG, Stage.COMMITTED, "info"),
        (ContractCode.WINDOW_CLOSED, Stage.LOST, "alert"),
        (ContractCode.ACQUITTED, Stage.COMMITTED, "alert"),
        (ContractCode.GAS_FUNDS, Stage.COMMITTED, "alert"),
    ],
)
def test_answers_to_a_proof(defence: Defence, code: ContractCode, stage: Stage, level: str) -> None:
    outbox = Outbox()
    case = defence.cases[7]
    case.stage, case.block, case.sending = Stage.COMMITTED, 1, True
    defence.on_receipt(7, receipt_of(code), outbox)
    assert case.stage is stage
    assert not case.sending
    assert levels_in(outbox) == [level]


@pytest.mark.parametrize(
    ("code", "stage"),
    [
        (ContractCode.OK, Stage.COMMITTED),
        (ContractCode.COMMITMENT_EXISTS, Stage.COMMITTED),
        (ContractCode.GAS_FUNDS, Stage.COMMIT),
    ],
)
def test_answers_to_a_commitment(defence: Defence, code: ContractCode, stage: Stage) -> None:
    defence.on_receipt(7, receipt_of(code), Outbox())
    assert defence.cases[7].stage is stage


def test_an_answer_that_never_came_is_tried_again(defence: Defence) -> None:
    outbox = Outbox()
    defence.on_head(heads_at(1), outbox)
    defence.on_receipt(7, None, outbox)
    outbox.take()
    defence.on_head(heads_at(2), outbox)
    assert len(calls_in(outbox)) == 1
    defence.on_receipt(99, None, outbox)
    defence.drop(7)
    defence.on_head(heads_at(3), outbox)
    assert calls_in(outbox) == []


def is_kept_before_sent(effects: list[Effect]) -> bool:
    """Return whether what is sent was on disk before; there is one call among these."""
    places = [type(effect) for effect in effects]
    return Keep in places and places.index(Keep) < places.index(Send)


def test_each_call_is_on_disk_before_it_is_sent(defence: Defence) -> None:
    outbox = Outbox()
    defence.on_head(heads_at(9), outbox)
    assert is_kept_before_sent(outbox.take())
    assert decode_case(defence.kept[KEY]).block == 10
    defence.on_receipt(7, receipt_of(ContractCode.OK, 12), outbox)
    assert decode_case(defence.kept[KEY]).block == 12
    outbox.take()
    defence.on_head(heads_at(99), outbox)
    assert is_kept_before_sent(outbox.take())
    assert decode_case(defence.kept[KEY]).is_proved


def test_a_life_begins_where_the_last_one_ended(defence: Defence) -> None:
    outbox = Outbox()
    defence.on_head(heads_at(9), outbox)
    assert (resumed(defence).stage, resumed(defence).block) == (Stage.COMMITTED, 10)
    assert resumed(defence, b"another").stage is Stage.COMMIT  # it opens another commitment
    defence.on_receipt(7, receipt_of(ContractCode.OK, 12), outbox)
    assert (resumed(defence).stage, resumed(defence).block) == (Stage.COMMITTED, 12)
    defence.on_head(heads_at(99), outbox)
    assert resumed(defence).stage is Stage.COMMIT  # the proof is out, and nobody knows
    defence.on_receipt(7, receipt_of(ContractCode.COMMITMENT_YOUNG), outbox)
    assert (resumed(defence).stage, resumed(defence).block) == (Stage.COMMITTED, 12)


def test_a_commitment_that_was_refused_is_not_counted_on(defence: Defence) -> None:
    defence.on_head(heads_at(9), Outbox())
    defence.on_receipt(7, receipt_of(ContractCode.GAS_FUNDS), Outbox())
    assert resumed(defence).stage is Stage.COMMIT


def test_a_lost_commitment_is_made_again_in_the_next_life(defence: Defence) -> None:
    defence.on_head(heads_at(9), Outbox())
    defence.on_receipt(7, receipt_of(ContractCode.OK, 10), Outbox())
    defence.on_head(heads_at(99), Outbox())
    defence.on_receipt(7, receipt_of(ContractCode.COMMITMENT_UNKNOWN), Outbox())
    assert resumed(defence).stage is Stage.COMMIT


def test_kept_cases_round_trip() -> None:
    for kept in (KeptCase(PAYEE, SALT), KeptCase(PAYEE, SALT, bytes(32), 7, is_proved=True)):
        assert decode_case(kept.encode()) == kept
    assert decode_case(pack([1, PAYEE, SALT])) == KeptCase(PAYEE, SALT)
    for wrong in (
        KeptCase(PAYEE, SALT[:-1]).encode(),
        KeptCase(PAYEE, SALT, bytes(31)).encode(),
        pack([3, PAYEE, SALT, b"", 0, 0]),
        pack([2, PAYEE, SALT]),
    ):
        with pytest.raises(FrameInvalid):
            decode_case(wrong)


def spent_in(outbox: Outbox) -> int:
    """Return what the last effect of its kind would keep as spent."""
    kept = [e.value for e in outbox.take() if isinstance(e, Keep) and e.key == SPENT_KEY]
    return decode_spent(kept[-1])


def test_calls_on_their_way_count_against_the_bound(defence: Defence) -> None:
    outbox = Outbox()
    defence.cases[8] = case_of(b"another")
    defence.cases[8].claim = 8
    fee = fee_of(gas_of(CommitFault(bytes(32))), GAS_PRICE)
    defence.purse = Purse(spend_gwei_max=2 * fee - 1)
    defence.on_head(heads_at(9, GAS_PRICE), outbox)
    assert len(calls_in(outbox)) == 1, "there is no money for two"
    assert "are spent, --max-spend allows" in defence.cases[8].held
    defence.on_receipt(7, None, outbox)
    defence.drop(7)
    outbox.take()
    defence.on_head(heads_at(10, GAS_PRICE), outbox)
    assert len(calls_in(outbox)) == 1, "nobody knows of the first one, so it is not counted"


def test_a_killed_defender_has_spent_what_he_sent(defence: Defence) -> None:
    outbox = Outbox()
    defence.on_head(heads_at(9, GAS_PRICE), outbox)
    fee = fee_of(gas_of(CommitFault(bytes(32))), GAS_PRICE)
    assert spent_in(outbox) == fee
    cheap = replace(receipt_of(ContractCode.OK), gas=100, gas_price=GAS_PRICE)
    defence.on_receipt(7, cheap, outbox)
    assert spent_in(outbox) == fee_of(100, GAS_PRICE) < fee


def test_a_call_counts_whose_claim_is_gone(defence: Defence) -> None:
    outbox = Outbox()
    defence.on_head(heads_at(9, GAS_PRICE), outbox)
    defence.drop(7)
    outbox.take()
    defence.on_receipt(7, replace(receipt_of(ContractCode.OK), gas=1_000_000, gas_price=7), outbox)
    assert spent_in(outbox) == defence.purse.spent_gwei == 7


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (-5, "0 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h 0 min"),
        (529_200_000 + 59_000, "6 d 3 h"),
    ],
)
def test_durations(time_ms: int, text: str) -> None:
    assert tell_duration(time_ms) == text


def test_moments_are_a_time_and_how_far_off_it_is_whatever_the_time() -> None:
    assert tell_moment(61_000, 1_500) == "1970-01-01T00:01:01Z (in 59 s)"
    assert tell_moment(1_999, 61_999) == "1970-01-01T00:00:01Z (1 min 0 s ago)"
    assert tell_time(TIME_MS_MAX) == "9999-12-31T23:59:59Z"
    for unseen in (-1, TIME_MS_MAX + 1, (1 << 64) - 1):
        assert tell_time(unseen) == f"{unseen} ms"


def test_the_proof_is_shown_once_l1_takes_the_commitment_back_no_more(defence: Defence) -> None:
    """A re-org would make it public without a commitment, for anybody to be first."""
    outbox, case = Outbox(), defence.cases[7]
    window = defence.deployment.window_ms
    case.stage, case.block, case.closes_at = Stage.COMMITTED, 10, 5_000 + window
    for number in (13, 50):
        defence.on_head(lagging(number, 9, 5_000), outbox)
        assert calls_in(outbox) == [], "block 10 is not final"
    urgent = 5_000 + window // PATIENCE_PARTS
    defence.on_head(lagging(51, 9, urgent - 1), outbox)
    assert calls_in(outbox) == []
    defence.on_head(lagging(51, 10, 5_000), outbox)
    assert len(calls_in(outbox)) == 1
    defence.on_receipt(7, receipt_of(ContractCode.OK, 52), outbox)
    assert case.stage is Stage.WON
    defence.reopen(7)
    assert defence.cases[7].kept(10).block == 10
    defence.on_head(lagging(53, 11, 5_000), outbox)
    assert len([c for c in calls_in(outbox) if isinstance(c, ProveFault)]) == 1, "it is there still"
    other = case_of(b"another")
    other.claim, other.stage, other.block, other.closes_at = 8, Stage.COMMITTED, 60, case.closes_at
    defence.cases = {8: other}
    outbox.take()
    defence.on_head(lagging(62, 20, urgent), outbox)
    assert len(calls_in(outbox)) == 1, "there is no time to wait for that"


def test_a_proof_that_was_seen_waits_for_nothing(defence: Defence) -> None:
    outbox, case = Outbox(), defence.cases[7]
    case.stage, case.block, case.is_shown = Stage.COMMITTED, 10, True
    case.closes_at = 5_000 + defence.deployment.window_ms
    defence.on_head(lagging(13, 9, 5_000), outbox)
    assert len(calls_in(outbox)) == 1


def test_a_second_commitment_leaves_enough_for_a_proof(defence: Defence) -> None:
    """Else a crowd of claims would take all that the key holds, and not one be disproved."""
    outbox, price = Outbox(), GAS_PRICE
    defence.cases[8] = second = case_of(b"another")
    second.claim = 8
    commit = defence.fee_most(CommitFault(bytes(32)), price)
    proof = defence.fee_most(second.proof, price)
    defence.purse.held_gwei = 2 * commit + 2 * proof - 1
    defence.on_head(heads_at(9, price), outbox)
    assert len(calls_in(outbox)) == 1, "the first claim's: it waits for nobody"
    assert "other claims come first" in second.held
    for number in (10, 11):  # it is said once, however often it is tried
        defence.purse.held_gwei -= 1
        defence.on_head(heads_at(number, price), outbox)
        assert outbox.take() == []
    defence.purse.held_gwei = commit + 2 * proof
    defence.on_head(heads_at(12, price), outbox)
    assert len(calls_in(outbox)) == 1
    assert defence.purse.held_gwei == 2 * proof
