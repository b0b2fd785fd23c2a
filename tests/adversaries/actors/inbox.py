"""A sequencer who will not see what L1 tells him: censorship, silence, withheld data."""

from dataclasses import replace

from prover.cases import Standing
from prover.contract.calls import (
    Append,
    AppendEmpty,
    ClaimWithdrawal,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    QueueOracle,
)
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus
from prover.entry import encode_entry
from prover.replica import Derived
from statemachine.actions import Withdraw
from statemachine.identity.signing import address_of, oracle_digest, sign_digest
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.units import Micros
from tests.adversaries.actors.forgeries import with_agent
from tests.adversaries.forgery import cheat, misrule
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import LIAR, MAKER, MID, RICH, SELL, TAKER, Land, convict
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.test_challenger import DEFENDER, SEQUENCER
from tests.worlds import PUBLISHER_KEYS, USDC, trader_key

HOUR_MS = 3_600_000
OVERDUE_MS = 20_000 + 120_000 + 60_000
"""The deadline of an item, and how long anyone has to wait then to append for it."""
JUNK = b"\xff"


def leaving() -> Land:
    """Return a land in which the taker told L1 that he wants all his money back."""
    land = Land()
    land.open(MAKER, TAKER)
    assert land.send(address_of(trader_key(TAKER)), ForceWithdraw(0, RICH)).ok
    return land


def post_without_inbox(land: Land) -> Derived:
    """Let the sequencer post a block that takes nothing from the inbox."""
    land.desk.now = max(land.desk.now, land.chain.time)
    consumed = land.honest.head.inbox_index
    frame = land.frame(0, [land.order(MAKER, SELL, 1)], until=consumed)
    return land.post_bytes(encode_entry([frame]))


def is_home(land: Land) -> bool:
    """Let the taker claim the only withdrawal under the last final claim."""
    proved = RecordingTree(land.honest.tree)
    proved.get(withdrawal_key(0))
    claim = land.claim_of(land.derived[-1].output)
    assert claim is not None
    taker = address_of(trader_key(TAKER))
    assert land.send(taker, ClaimWithdrawal(claim, 0, proved.witness({}))).ok
    return land.tokens(TAKER) == RICH


@adversary("censored forced item", "5", "executed when overdue")
def censored_item() -> Outcome:
    """Post blocks for ever, and never take the withdrawal from the inbox."""
    land = leaving()
    waiting = land.honest.head.inbox_index
    post_without_inbox(land)
    assert land.honest.head.inbox_index == waiting, "it is not due yet"
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    post_without_inbox(land)
    verdict = "executed when overdue" if land.honest.head.inbox_index > waiting else "censored"
    land.close()
    return land.outcome(verdict if is_home(land) else "not paid")


@adversary("censored item, claimed so", "5", "SEGMENT convicted")
def censored_claim() -> Outcome:
    """Leave an overdue withdrawal out of the claim as well."""
    land = leaving()
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    derived = post_without_inbox(land)
    patient = replace(land.rules, inbox_deadline_ms=HOUR_MS)
    forged = misrule(land.rules, derived, patient)
    assert forged.output.inbox_index == derived.parent.inbox_index
    return convict(land, derived, forged)


@adversary("silent sequencer", "5", "executed without him")
def silent_sequencer() -> Outcome:
    """Post nothing any more."""
    land = leaving()
    index = len(land.derived)
    user = address_of(trader_key(TAKER))
    early = land.send(user, AppendEmpty(index))
    assert early.code is ContractCode.SEQUENCER_ALIVE
    land.chain.mine(1, land.deployment.liveness_ms_max)
    assert land.send(user, AppendEmpty(index)).ok
    derived = land.derive(index)
    ledger = land.desk.state.ledger()
    verdict = "executed without him" if ledger.withdrawals == RICH else "stuck"
    assert derived.blocks[0].block.frame is None
    land.desk.now = max(land.desk.now, derived.facts.time)
    land.close()
    return land.outcome(verdict if is_home(land) else "not paid")


@adversary("inbox full of pokes", "5", "executed without him, in one silence")
def crowded_inbox() -> Outcome:
    """Queue pokes for ten blocks ahead of a withdrawal, and fall silent."""
    land = Land(inbox_items_max=8)
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 1)])
    start = crowd(land, 10)
    land.chain.mine(1, OVERDUE_MS)
    entries = drain(land)
    took = land.chain.time - start - OVERDUE_MS
    assert entries == 11, "none is more than the pokes are for"
    return left(land, "executed without him, in one silence" if took < OVERDUE_MS else "late")


@adversary("trickle of batches", "5", "executed in spite of him")
def trickle() -> Outcome:
    """Queue pokes for ten blocks ahead of a withdrawal, and post one block in every silence."""
    land = Land(inbox_items_max=8)
    land.open(MAKER, TAKER)
    crowd(land, 10)
    slowly = land.deployment.liveness_ms_max - 1_000
    for _ in range(OVERDUE_MS // slowly + 1):
        assert land.send(LIAR, AppendEmpty(len(land.derived))).code is ContractCode.SEQUENCER_ALIVE
        land.chain.mine(1, slowly - 1_000)
        land.post_bytes(encode_entry([JUNK]))
    drain(land)
    return left(land, "executed in spite of him")


def crowd(land: Land, blocks: int) -> int:
    """Queue pokes for so many blocks, and a withdrawal behind them; return when, ms."""
    for _ in range(land.rules.inbox_items_max * blocks):
        assert land.chain.execute(LIAR, ForcePoke(address_of(trader_key(MAKER)), 0), 0).ok
    assert land.send(address_of(trader_key(TAKER)), ForceWithdraw(0, RICH)).ok
    return land.chain.time


def drain(land: Land) -> int:
    """Append empty entries for as long as the contract takes them; return how many."""
    entries = 0
    while land.send(address_of(trader_key(TAKER)), AppendEmpty(len(land.derived))).ok:
        land.derive(len(land.derived))
        entries += 1
    return entries


def left(land: Land, verdict: str) -> Outcome:
    """Return the verdict, if the taker has got out by now."""
    land.desk.now = max(land.desk.now, land.derived[-1].facts.time)
    is_out = land.desk.state.ledger().withdrawals
    land.close()
    return land.outcome(verdict if is_out and is_home(land) else "stuck")


@adversary("withheld data", "3", "SEGMENT convicted")
def withheld_data() -> Outcome:
    """Keep an entry's bytes from everybody, claim something wrong, and give in late."""
    land = Land()
    land.open(MAKER, TAKER)
    derived = land.post([land.order(MAKER, SELL, 1)])
    kept, land.chain.data[-1] = land.chain.data[-1], b""
    parent = land.claim_honestly(derived.facts.index)
    forged = cheat(land.rules, derived, 1, lambda after, _: setattr(after.cursor, "cost", 1))
    wrong = land.lie(forged, parent)
    post = land.fight()
    assert "L1 serves bytes not under its root" in post.said
    assert post.standing(wrong) is Standing.WAITING
    land.chain.data[-1] = kept
    land.fight(post)
    verdict = land.verdict_on(wrong)
    land.close()
    return land.outcome(verdict, convicted=land.status_of(wrong) is ClaimStatus.CONVICTED)


@adversary("claim about data that L1 has dropped", "3", "SEGMENT convicted, by an archive's bytes")
def expired_data() -> Outcome:
    """Wait until L1 has dropped the bytes of an entry, and only then claim something wrong."""
    land = Land()
    land.open(MAKER, TAKER)
    derived = land.post([land.order(MAKER, SELL, 1)])
    parent = land.claim_honestly(derived.facts.index)
    wrong = land.lie(
        cheat(land.rules, derived, 1, lambda after, _: setattr(after.cursor, "cost", 1)), parent
    )
    archive = list(land.chain.data)
    land.chain.dropped = len(archive)
    late = land.fight(rounds=3)
    assert "L1 has dropped its bytes" in late.said
    assert late.standing(wrong) is Standing.WAITING
    spoilt, informed = land.station(), land.station()
    adapters = [MemoryL1(land.chain, DEFENDER) for _ in range(2)]
    adapters[0].archive = [data + b"?" for data in archive]
    adapters[1].archive = archive
    spoilt.patrol.l1, informed.patrol.l1 = adapters
    land.fight(spoilt, rounds=3)
    assert spoilt.standing(wrong) is Standing.WAITING, "an archive is not believed, but checked"
    land.fight(informed)
    verdict = land.verdict_on(wrong)
    land.chain.dropped = 0
    land.close()
    convicted = land.status_of(wrong) is ClaimStatus.CONVICTED
    return land.outcome(f"{verdict}, by an archive's bytes", convicted=convicted)


@adversary("batch of somebody else", "3", "refused NOT_SEQUENCER")
def foreign_batch() -> Outcome:
    """Post a batch without being the sequencer, also when anyone may append an empty one."""
    land = Land(inbox_items_max=8)
    land.open(MAKER, TAKER)
    codes = set()
    for waits in (0, land.deployment.liveness_ms_max + 1_000, OVERDUE_MS):
        land.chain.mine(1, waits)
        land.desk.now = max(land.desk.now, land.chain.time)
        frame = land.frame(0, [land.desk.sign(MAKER, Withdraw(0, Micros(USDC)))])
        index = len(land.derived)
        codes.add(land.send(LIAR, Append(index, encode_entry([frame]))).code.name)
        if waits:
            assert land.send(LIAR, AppendEmpty(index)).ok
            land.derive(index)
    land.desk.now = max(land.desk.now, land.derived[-1].facts.time)
    land.close()
    return land.outcome(f"refused {' '.join(codes)}")


@adversary("batch posted twice", "3", "refused ENTRY_INDEX")
def repeated_batch() -> Outcome:
    """Send the call again that posted the last batch."""
    land = Land()
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 1)])
    again = Append(len(land.derived) - 1, land.derived[-1].data)
    receipt = land.send(SEQUENCER, again)
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("locked in a position", "5", "closed at the mark")
def locked_in() -> Outcome:
    """Censor who wants to close, when nobody else is on the book."""
    land = Land()
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 10)], [land.order(TAKER, 0, 10)])
    taker = address_of(trader_key(TAKER))
    assert land.send(taker, ForceClose(0, 0, 0)).ok
    assert land.send(taker, ForceWithdraw(0, RICH - USDC)).ok
    assert land.desk.book() == ([], [])
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    land.desk.now = max(land.desk.now, land.chain.time)
    consumed = land.honest.head.inbox_index
    frame = land.frame(0, [], until=consumed)
    land.post_bytes(encode_entry([frame]))
    closed = land.desk.position(TAKER) is None
    land.close()
    proved = RecordingTree(land.honest.tree)
    proved.get(withdrawal_key(0))
    claim = land.claim_of(land.derived[-1].output)
    assert claim is not None
    assert land.send(taker, ClaimWithdrawal(claim, 0, proved.witness({}))).ok
    home = land.tokens(TAKER) == RICH - USDC
    return land.outcome("closed at the mark" if closed and home else "locked in")


@adversary("no sequencer, and prices out of date", "5", "closed, and home")
def stale_exit() -> Outcome:
    """Fall silent, so that every price is too old for who has a position to leave."""
    land = Land()
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 10)], [land.order(TAKER, 0, 10)])
    taker = address_of(trader_key(TAKER))
    land.chain.mine(1, land.deployment.liveness_ms_max)
    for publisher in range(land.rules.publishers_min):
        now = land.chain.time
        digest = oracle_digest(land.desk.domain, 0, MID, now)
        said = sign_digest(PUBLISHER_KEYS[publisher], digest)
        assert land.send(taker, QueueOracle(0, publisher, MID, now, said)).ok
    assert land.send(taker, ForceClose(0, 0, 0)).ok
    assert land.send(taker, ForceWithdraw(0, RICH - USDC)).ok
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    assert land.send(taker, AppendEmpty(len(land.derived))).ok
    derived = land.derive(len(land.derived))
    land.desk.now = max(land.desk.now, derived.facts.time)
    closed = land.desk.position(TAKER) is None
    land.close()
    proved = RecordingTree(land.honest.tree)
    proved.get(withdrawal_key(0))
    claim = land.claim_of(land.derived[-1].output)
    assert claim is not None
    land.send(taker, ClaimWithdrawal(claim, 0, proved.witness({})))
    home = land.tokens(TAKER) == RICH - USDC
    return land.outcome("closed, and home" if closed and home else "stuck")


@adversary("agent that will not go", "5", "revoked when overdue")
def stubborn_agent() -> Outcome:
    """Censor who revokes his agent, and let the agent trade on."""
    land, key = with_agent()
    taker = address_of(trader_key(TAKER))
    assert land.send(taker, ForceRevoke(address_of(key))).ok
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    land.desk.now = max(land.desk.now, land.chain.time)
    consumed = land.honest.head.inbox_index
    frame = land.frame(0, [land.order(key, 0, 1)], until=consumed)
    derived = land.post_bytes(encode_entry([frame]))
    assert derived.blocks[0].block.frame is not None
    verdict = "revoked when overdue" if land.codes(derived) == ["SIGNER_REVOKED"] else "traded on"
    land.close()
    return land.outcome(verdict)
