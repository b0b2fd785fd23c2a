"""The L1 contract's log, inbox, gas and withdrawals: refusals in code order, then effects."""

from dataclasses import replace
from hashlib import sha256

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Call,
    ClaimWithdrawal,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    Settle,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.events import (
    ItemQueued,
    WithdrawalPaid,
)
from prover.contract.inbox import ACCUMULATOR_EMPTY
from prover.contract.log import entry_of
from prover.entry import data_root, encode_entry, parse_entry
from statemachine.inbox import InboxKind
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.l1_worlds import (
    CHEAT,
    PROPOSER,
    SEQUENCER,
    STAKED,
    USER,
    WINDOW_MS,
    L1World,
    deployment,
    output_with,
    refused_in_order,
    say,
)

C = ContractCode
ENTRY = encode_entry([b"frame"])


def test_append_refuses_in_code_order() -> None:
    refused_in_order(
        L1World(),
        [
            (C.NOT_SEQUENCER, lambda _: (USER, Append(9, b""))),
            (C.ENTRY_INDEX, lambda _: (SEQUENCER, Append(1, b""))),
            (C.ENTRY_SIZE, lambda _: (SEQUENCER, Append(0, b"\x09"))),
            (C.ENTRY_VERSION, lambda _: (SEQUENCER, Append(0, b"\x09\x00\x00"))),
            (C.ENTRY_FRAMES, lambda _: (SEQUENCER, Append(0, b"\x01\x00\x00"))),
            (C.ENTRY_FRAMES, lambda _: (SEQUENCER, Append(0, b"\x01\xff\xff"))),
        ],
    )


def test_append_stores_what_judges_the_entry() -> None:
    world = L1World()
    world.deposit()
    result = world.append()
    assert (result.ok, result.value) == (True, 0)
    header = world.state.log[0]
    assert header.data_root == data_root(ENTRY)
    assert (header.length, header.time, header.block) == (len(ENTRY), world.time, world.block)
    assert header.inbox_count == 1
    assert header.inbox_accumulator == world.state.inbox[0].accumulator
    entry = entry_of(header, ENTRY)
    assert entry.is_intact
    assert entry.facts == header.facts
    assert not entry_of(header, ENTRY + b"x").is_intact


def test_an_entry_may_not_be_larger_than_its_limit() -> None:
    world = L1World(deployment(entry_bytes_max=100))
    call = Append(0, ENTRY + bytes(101 - len(ENTRY)))
    assert world.call(SEQUENCER, call).code is C.ENTRY_SIZE


def test_anyone_appends_empty_entries_once_the_sequencer_is_silent() -> None:
    world = L1World()
    world.append()
    refused_in_order(world, [(C.SEQUENCER_ALIVE, lambda _: (USER, AppendEmpty(1)))])
    world.wait(world.rules.liveness_ms_max)
    refused_in_order(world, [(C.ENTRY_INDEX, lambda _: (USER, AppendEmpty(0)))])
    assert world.call(USER, AppendEmpty(1)).ok
    assert world.state.log[1].length == 0
    assert parse_entry(b"") == [b""]
    assert world.append().ok


def test_deposit_refuses_in_code_order() -> None:
    refused_in_order(
        L1World(),
        [
            (C.FIELD_LENGTH, lambda _: (USER, Deposit(b"\x01", 999, 0))),
            (C.OWNER, lambda _: (USER, Deposit(bytes(20), 999, 0))),
            (C.SUB, lambda _: (USER, Deposit(USER, 256, 0))),
            (C.AMOUNT, lambda _: (USER, Deposit(USER, 0, 999_999))),
            (C.TOKEN_BALANCE, lambda _: (USER, Deposit(USER, 0, 100_000_001))),
            (C.ASSET, lambda _: (USER, Deposit(USER, 0, 1, 9))),
            (C.CAP, lambda _: (USER, Deposit(USER, 0, 50_000_001, STAKED))),
        ],
    )


def test_forced_actions_refuse_in_code_order() -> None:
    refused_in_order(
        L1World(),
        [
            (C.FIELD_LENGTH, lambda _: (USER, ForceRevoke(CHEAT[:-1]))),
            (C.OWNER, lambda _: (USER, ForcePoke(bytes(20), 256))),
            (C.SUB, lambda _: (USER, ForcePoke(CHEAT, 256))),
            (C.SUB, lambda _: (USER, ForceCancelAll(256))),
            (C.SUB, lambda _: (USER, ForceClose(256, 9, 0))),
            (C.MARKET, lambda _: (USER, ForceClose(0, 9, 0))),
            (C.AGENT, lambda _: (USER, ForceRevoke(bytes(20)))),
        ],
    )


def test_a_publishers_message_is_queued_if_it_is_his_and_fresh() -> None:
    world = L1World()
    age, drift = world.rules.rules.oracle_age_ms_max, world.rules.rules.drift_ms
    good = say(world)
    refused_in_order(
        world,
        [
            (C.FIELD_LENGTH, lambda _: (USER, replace(good, signature=good.signature[:-1]))),
            (C.MARKET, lambda _: (USER, replace(good, market=9))),
            (C.PRICE, lambda _: (USER, replace(good, price=0))),
            (C.PRICE, lambda _: (USER, replace(good, price=1 << 46))),
            (C.PUBLISHER, lambda _: (USER, replace(good, price=good.price + 1))),
            (C.PUBLISHER, lambda _: (USER, replace(good, publisher=1))),
            (C.MESSAGE_TIME, lambda w: (USER, say(w, after=999 - age))),
            (C.MESSAGE_TIME, lambda w: (USER, say(w, after=1_001 + drift))),
        ],
    )
    message = say(world)
    result = world.call(USER, message)
    item = world.state.inbox[0].item
    assert (result.value, item.kind, item.market) == (0, InboxKind.ORACLE, 1)
    assert item.owner == world.rules.rules.publishers[0], "whoever sends it"
    assert (item.publisher, item.price, item.told) == (0, message.price, message.time)
    (event,) = result.events
    assert isinstance(event, ItemQueued)
    assert (event.publisher, event.time_ms) == (0, message.time)
    for edge in (1_000 - age, 1_000 + drift):
        assert world.call(USER, say(world, after=edge)).ok


def test_the_inbox_is_a_chain_of_hashes() -> None:
    world = L1World()
    assert world.deposit(5_000_000).value == 0
    assert world.call(USER, ForceWithdraw(3, 0)).value == 1
    refused_in_order(world, [(C.SUB, lambda _: (USER, ForceWithdraw(256, 0)))])
    forced: list[tuple[Call, InboxKind, bytes]] = [
        (ForceCancelAll(255), InboxKind.FORCED_CANCEL_ALL, b""),
        (ForceClose(0, 1, 6_000_000), InboxKind.FORCED_CLOSE, b""),
        (ForceRevoke(CHEAT), InboxKind.FORCED_REVOKE, CHEAT),
        (ForcePoke(PROPOSER, 3), InboxKind.FORCED_POKE, PROPOSER),
    ]
    for index, (call, kind, other) in enumerate(forced, 2):
        result = world.call(USER, call)
        item = world.state.inbox[index].item
        assert (result.value, item.kind, item.owner, item.other) == (index, kind, USER, other)
        (event,) = result.events
        assert isinstance(event, ItemQueued)
        assert (event.kind, event.price, event.other) == (kind, item.price, other)
    assert world.state.inbox[3].item.price == 6_000_000
    accumulator = ACCUMULATOR_EMPTY
    for queued in world.state.inbox:
        hashed = sha256(b"\x24" + queued.item.encode()).digest()
        accumulator = sha256(b"\x25" + accumulator + hashed).digest()
        assert queued.accumulator == accumulator
    assert world.state.account_of(USER).token == 95_000_000
    assert world.state.totals.token_escrowed == 5_000_000


def test_gas_is_paid_for_refused_calls_too() -> None:
    world = L1World(gas_price=1_000_000)
    before = world.eth(CHEAT)
    result = world.call(CHEAT, Append(0, ENTRY))
    assert result.code is C.NOT_SEQUENCER
    assert before - world.eth(CHEAT) == result.gas
    stranger = b"\x77" * 20
    assert world.call(stranger, Settle()).code is C.GAS_FUNDS


def final_withdrawal(amount: int) -> tuple[L1World, Tree, int]:
    """Return a world with one final claim that holds withdrawal 4 of the user."""
    world = L1World()
    leaf = encode_withdrawal(USER, amount, world.time)
    tree = Tree.from_items([(withdrawal_key(4), leaf), (withdrawal_key(5), b"broken")])
    world.append()
    output, trace = output_with(world.state.claims[0].output, tree.root)
    claim = world.call(PROPOSER, propose_output(0, output, trace)).value
    return world, tree, claim


def proof_of(tree: Tree, index: int) -> bytes:
    """Return the witness of one withdrawal leaf."""
    recording = RecordingTree(tree)
    recording.get(withdrawal_key(index))
    return recording.witness({})


def test_claim_withdrawal_refuses_in_code_order() -> None:
    world, tree, claim = final_withdrawal(2_000_000)
    proof = proof_of(tree, 4)
    wrong = world.propose(lie=1)
    world.convict(wrong)
    refused_in_order(
        world,
        [
            (C.CLAIM_UNKNOWN, lambda _: (USER, ClaimWithdrawal(9, 4, proof))),
            (C.CLAIM_DEAD, lambda _: (USER, ClaimWithdrawal(wrong, 4, proof))),
            (C.CLAIM_PENDING, lambda _: (USER, ClaimWithdrawal(claim, 4, proof))),
        ],
    )
    world.wait(WINDOW_MS)
    refused_in_order(
        world,
        [
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 4, bytes((1 << 19) + 1)))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 4, b"garbage"))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(0, 4, proof))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 5, proof))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 5, proof_of(tree, 5)))),
            (C.WITHDRAWAL_UNKNOWN, lambda _: (USER, ClaimWithdrawal(claim, 6, proof_of(tree, 6)))),
            (C.ESCROW, lambda _: (USER, ClaimWithdrawal(claim, 4, proof))),
        ],
    )
    world.deposit(5_000_000)
    result = world.call(CHEAT, ClaimWithdrawal(claim, 4, proof))
    assert result.value == 2_000_000
    assert result.events == (WithdrawalPaid(4, USER, 2_000_000),)
    assert world.state.account_of(USER).token == 97_000_000
    refused_in_order(world, [(C.WITHDRAWAL_PAID, lambda _: (USER, ClaimWithdrawal(claim, 4, b"")))])


def test_an_asset_has_an_escrow_a_minimum_and_a_cap_of_its_own() -> None:
    world = L1World()
    refused_in_order(
        world,
        [
            (C.AMOUNT, lambda _: (USER, Deposit(USER, 0, 999, STAKED))),
            (C.TOKEN_BALANCE, lambda _: (CHEAT, Deposit(USER, 0, 1_000, STAKED))),
        ],
    )
    assert world.call(USER, Deposit(USER, 3, 30_000_000, STAKED)).value == 0
    refused_in_order(world, [(C.CAP, lambda _: (USER, Deposit(USER, 0, 20_000_001, STAKED)))])
    assert world.call(USER, Deposit(USER, 3, 20_000_000, STAKED)).ok
    assert world.state.inbox[1].item.asset == STAKED
    assert world.state.holding_of(STAKED, USER) == 50_000_000
    assert world.state.totals_of(STAKED).escrowed == 50_000_000
    assert world.state.totals.token_escrowed == 0
    refused_in_order(world, [(C.ASSET, lambda _: (USER, ForceWithdraw(3, 0, 9)))])
    assert world.call(USER, ForceWithdraw(3, 0, STAKED)).value == 2
    assert world.state.inbox[2].item.asset == STAKED


def test_a_withdrawal_is_paid_out_of_its_own_escrow() -> None:
    world = L1World()
    leaf = encode_withdrawal(USER, 2_000_000, world.time, STAKED)
    tree = Tree.from_items([(withdrawal_key(4), leaf)])
    world.append()
    output, trace = output_with(world.state.claims[0].output, tree.root)
    claim = world.call(PROPOSER, propose_output(0, output, trace)).value
    world.wait(WINDOW_MS)
    proof = proof_of(tree, 4)
    # USDC is there, and is no help.
    world.deposit(5_000_000)
    refused_in_order(world, [(C.ESCROW, lambda _: (USER, ClaimWithdrawal(claim, 4, proof)))])
    world.call(USER, Deposit(USER, 0, 3_000_000, STAKED))
    result = world.call(CHEAT, ClaimWithdrawal(claim, 4, proof))
    assert result.events == (WithdrawalPaid(4, USER, 2_000_000, STAKED),)
    assert world.state.holding_of(STAKED, USER) == 99_000_000
    assert world.state.account_of(USER).token == 95_000_000
