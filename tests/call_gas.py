"""The most gas that each kind of call takes: ``python -m tests.call_gas --write`` tells the docs.

Each is given the largest input that the rules permit, over a state in which no leaf that
it reads is near another one.  What is counted while a call is executed is counted here
from the same work: a portfolio with as many positions and assets as there may be is
really valued.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import ceil, log2
from typing import Any

from prover.contract.calls import (
    CALLS,
    Append,
    Attest,
    CallKind,
    JoinAttesters,
    Propose,
    ProveBroken,
    ScheduleRules,
    SlashAttesters,
)
from prover.contract.calls.lengths import FIELD_BYTES
from prover.contract.ceilings import COUNTED, count_signers
from prover.contract.gas import gas_of, limit_of, proof_gas
from prover.contract.prices import (
    MARK_GAS,
    SETTLE_MAX,
    SLOT_GAS,
    STAKE_GAS,
    signature_gas,
    verdict_gas,
)
from prover.contract.proofs import UNIT_BYTES, CountedStore
from prover.contract.records.attesters import ATTESTERS_MAX, SIGNERS_MAX
from prover.contract.versions import RULES_BYTES_MAX
from prover.entry import ENTRY_BYTES_MAX, FRAMES_MAX, encode_entry
from prover.equity import committed_sums, worth_of_portfolio
from prover.faults import Work
from prover.outputs import SEGMENTS_MAX
from prover.traffic import traffic_rules
from prover.verdict import BRANCH_BYTES, PAIR_BYTES, count_leaves
from statemachine.assets import ASSETS_MAX, ASSETS_PER_PORTFOLIO_MAX
from statemachine.records import MARKETS_PER_PORTFOLIO_MAX
from statemachine.state import State
from tests.exchange_vectors.assets import deposit_asset, staked_rules
from tests.exchange_vectors.scene import MAKER, MID, SELL, TRADER, do, open_world, place
from tests.tidy import ROOT
from tests.unit.test_gas import (
    BRANCH_OPENED_BYTES,
    DEPTH,
    LEAF_OPENED_BYTES,
    STUB_BYTES,
    call_of,
    worst_proof,
)
from tests.worlds import USDC, World, market_rules, world_rules

PAGE = ROOT / "docs" / "concepts" / "l1-gas.md"
RECORD_BYTES = 3 * UNIT_BYTES
"""More than any record that these calls read."""
CURSOR_BYTES = 2_048
"""More than a cursor with the frontier of a full block."""


@dataclass(frozen=True)
class Largest:
    """A call's largest input, in words, and the most gas it takes."""

    what: str
    gas: int


def busiest_world() -> World:
    """Return a world in which the trader has all the positions and assets that he may have."""
    perps = [market_rules(n) for n in range(MARKETS_PER_PORTFOLIO_MAX)]
    priced = [
        market_rules(MARKETS_PER_PORTFOLIO_MAX + n, collateral_only=1) for n in range(ASSETS_MAX)
    ]
    assets = [staked_rules(1 + n, rules.market) for n, rules in enumerate(priced)]
    world = open_world(replace(world_rules(1), markets=tuple(perps + priced), assets=tuple(assets)))
    for trader in (MAKER, TRADER):
        world.deposit(trader, 1_000_000 * USDC)
    for asset in assets[:ASSETS_PER_PORTFOLIO_MAX]:
        deposit_asset(world, 10_000, asset.asset)
    for rules in perps + priced:
        world.run(world.prices(rules.market, MID))
    for rules in perps[: MARKETS_PER_PORTFOLIO_MAX - ASSETS_PER_PORTFOLIO_MAX]:
        do(world, MAKER, place(1, flags=SELL, market=rules.market))
        do(world, TRADER, place(1, market=rules.market))
    return world


def reads_of(world: World, read: Callable[[State], object]) -> int:
    """Return how many units of cost are read of a world's state."""
    work = Work()
    assert read(State(CountedStore(world.store, work), world.rules)) is not None
    return work.cost


@cache
def valued() -> tuple[int, int]:
    """Return the units of cost that valuing a portfolio reads at most, and all prices."""
    world = busiest_world()
    account = world.account(TRADER)
    portfolio = world.portfolio(TRADER)
    held = len(world.state.all_positions(portfolio)) + ASSETS_PER_PORTFOLIO_MAX
    assert held == MARKETS_PER_PORTFOLIO_MAX
    whole = reads_of(world, lambda state: worth_of_portfolio(state, account, 0))
    return whole, reads_of(world, lambda state: list(committed_sums(state)))


def opened(leaves: int, value_bytes: int = RECORD_BYTES) -> tuple[int, Work]:
    """Return bytes and work of a proof of so many leaves, none of them near another one."""
    branches = leaves + ceil(leaves * (DEPTH - log2(leaves)))
    values = leaves * value_bytes
    size = branches * (BRANCH_OPENED_BYTES + STUB_BYTES) + leaves * LEAF_OPENED_BYTES + values
    work = Work(nodes=branches + leaves, decoded=size)
    work.hash(branches, BRANCH_BYTES)
    count_leaves(leaves, values, work)
    work.cost = leaves * (1 + value_bytes // UNIT_BYTES)
    return size, work


def example_of(kind: CallKind, **changes: Any) -> Any:
    """Return a call of a kind, with byte strings of their lengths."""
    shape = CALLS[kind]
    named: dict[str, Any] = {}
    for name, field in shape.__dataclass_fields__.items():
        named[name] = 1 if field.type is int else bytes(FIELD_BYTES.get(name, 0))
    return shape(**named | changes)


def shown(kind: CallKind, leaves: int, value_bytes: int = RECORD_BYTES, more: int = 0) -> int:
    """Return what a call takes whose proof shows so many leaves, and ``more`` besides."""
    size, work = opened(leaves, value_bytes)
    call = example_of(kind, proof=bytes(size))
    counted = verdict_gas(work) + more
    assert counted <= COUNTED[type(call)](call), f"{kind.name}: {counted} is more than the limit"
    return gas_of(call) + counted + SETTLE_MAX * MARK_GAS


def contradiction() -> int:
    """Return what it takes to show that a block ends elsewhere, in the largest entry."""
    size, work = opened(1, CURSOR_BYTES)
    path = ceil(log2(SEGMENTS_MAX))
    work.hash(path + 3, PAIR_BYTES)
    call = example_of(
        CallKind.PROVE_BROKEN, cursor=bytes(CURSOR_BYTES), witness=bytes(size + 32 * (path + 2))
    )
    assert isinstance(call, ProveBroken)
    assert verdict_gas(work) <= COUNTED[ProveBroken](call)
    return gas_of(call) + verdict_gas(work) + SETTLE_MAX * MARK_GAS


def vouched(call: Attest | SlashAttesters, word_gas: int) -> int:
    """Return what a signature of as many signers as there may be takes."""
    count = count_signers(call.signers)
    assert count == SIGNERS_MAX
    counted = signature_gas(count) + count * (STAKE_GAS + word_gas)
    return gas_of(call) + counted + SETTLE_MAX * MARK_GAS


def largest() -> dict[CallKind, Largest]:
    """Return the largest of every kind of call."""
    portfolio, prices = valued()
    share = portfolio + 8
    signers = b"\xff" * (SIGNERS_MAX // 8 - 1) + bytes((ATTESTERS_MAX - SIGNERS_MAX) // 8) + b"\xff"
    frame = bytes((ENTRY_BYTES_MAX - 4 * FRAMES_MAX - 16) // FRAMES_MAX)
    frames = encode_entry([frame] * FRAMES_MAX)
    attest = Attest(1, signers, bytes(96))
    slash = SlashAttesters(bytes(400), signers, bytes(96), bytes(20), bytes(32))
    join = JoinAttesters(bytes(48), bytes(96), 1)
    size, work = worst_proof(traffic_rules(), DEPTH)
    trace = Propose(1, bytes(400), bytes(32 * (SEGMENTS_MAX + 1)))
    found = {
        CallKind.APPEND: (f"{ENTRY_BYTES_MAX:,} bytes in {FRAMES_MAX:,} frames", Append(0, frames)),
        CallKind.PROPOSE: (f"a trace of {SEGMENTS_MAX:,} segments", trace),
        CallKind.SCHEDULE_RULES: (
            f"rules of {RULES_BYTES_MAX:,} bytes",
            example_of(CallKind.SCHEDULE_RULES, rules=bytes(RULES_BYTES_MAX)),
        ),
    }
    told = {kind: Largest(what, limit_of(call, SETTLE_MAX)) for kind, (what, call) in found.items()}
    assert isinstance(found[CallKind.SCHEDULE_RULES][1], ScheduleRules)
    claim = shown(CallKind.CLAIM_WITHDRAWAL, 1, more=ATTESTERS_MAX * STAKE_GAS)
    told |= {
        CallKind.PROVE_FAULT: Largest(
            f"the worst segment, {size:,} bytes",
            proof_gas(call_of(size), work),
        ),
        CallKind.PROVE_BROKEN: Largest("one cursor, under the longest trace", contradiction()),
        CallKind.CLAIM_WITHDRAWAL: Largest(f"{ATTESTERS_MAX:,} stakes vouch for it", claim),
        CallKind.OFFER_WITHDRAWAL: Largest("one leaf", shown(CallKind.OFFER_WITHDRAWAL, 1)),
        CallKind.FREEZE: Largest("one cursor", shown(CallKind.FREEZE, 1, CURSOR_BYTES)),
        CallKind.OPEN_ESCAPE: Largest(
            f"{ASSETS_MAX} assets and their prices", shown(CallKind.OPEN_ESCAPE, prices)
        ),
        CallKind.REGISTER_PORTFOLIO: Largest(
            f"{MARKETS_PER_PORTFOLIO_MAX} positions and assets",
            shown(CallKind.REGISTER_PORTFOLIO, portfolio),
        ),
        CallKind.REGISTER_SHARE: Largest(
            "a share of such a portfolio", shown(CallKind.REGISTER_SHARE, share)
        ),
        CallKind.REGISTER_WITHDRAWAL: Largest(
            "a withdrawal and a price", shown(CallKind.REGISTER_WITHDRAWAL, 6)
        ),
        CallKind.ATTEST: Largest(f"{SIGNERS_MAX} signers", vouched(attest, 0)),
        CallKind.SLASH_ATTESTERS: Largest(f"{SIGNERS_MAX} signers", vouched(slash, SLOT_GAS)),
        CallKind.PAY_ESCAPE: Largest(
            f"{ASSETS_MAX} assets and USDC", limit_of(example_of(CallKind.PAY_ESCAPE), SETTLE_MAX)
        ),
        CallKind.JOIN_ATTESTERS: Largest("always the same", limit_of(join, SETTLE_MAX)),
    }
    for kind in CallKind:
        if kind not in told:
            assert CALLS[kind] not in COUNTED, f"{kind.name}: counted, and not told of"
            told[kind] = Largest("always the same", limit_of(example_of(kind), SETTLE_MAX))
    return told


def table() -> list[str]:
    """Return the table's lines, dearest first."""
    rows = sorted(largest().items(), key=lambda row: -row[1].gas)
    lines = ["| call | its largest input | gas at most |", "|---|---|---|"]
    for kind, most in rows:
        lines.append(f"| `{kind.name}` | {most.what} | {most.gas:,} |")
    return lines


def page_of(text: str) -> str:
    """Return the page's text with the table in it."""
    lines = text.splitlines()
    places = [place for place, line in enumerate(lines) if line.startswith("| ")]
    lines[places[0] : places[-1] + 1] = table()
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page_of(PAGE.read_text()))
    else:
        sys.stdout.write("\n".join(table()) + "\n")
