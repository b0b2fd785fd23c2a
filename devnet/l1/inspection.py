"""What ``sextant l1`` shows, asked from a running L1 over its wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from node.l1.adapter import GrpcL1
from proto.sextant.v1 import l1_pb2
from prover.l1 import L1Unreachable, PostedClaim

PATIENCE_SECONDS: Final = 3.0
Row = dict[str, Any]


def ask(target: str, question: Callable[[GrpcL1], Awaitable[list[Row]]]) -> list[Row] | None:
    """Return the answer of the L1 at ``target``; ``None`` if it gives none."""

    async def connect() -> list[Row]:
        l1 = GrpcL1(target, patience_seconds=PATIENCE_SECONDS)
        try:
            return await question(l1)
        finally:
            await l1.close()

    try:
        return asyncio.run(connect())
    except L1Unreachable:
        return None


def hexed(data: bytes) -> str:
    """Return bytes as people know them."""
    return f"0x{data.hex()}"


async def read_status(l1: GrpcL1) -> list[Row]:
    """Return tags, deployment and totals."""
    head, rules, totals = await l1.head(), await l1.deployment(), await l1.totals()
    return [
        {
            "latest": head.latest.number,
            "safe": head.safe.number,
            "final": head.final.number,
            "time_ms": head.latest.time,
            "clock_offset_ms": head.clock_offset_ms,
            "gas_price": head.gas_price,
            "retention_ms": head.retention_ms,
        },
        {
            "stub": True,
            "chain_id": rules.rules.chain_id,
            "contract": hexed(rules.rules.rollup),
            "sequencer": hexed(rules.sequencer),
            "signer": hexed(rules.signer),
            "governor": hexed(rules.governor),
            "window_ms": rules.window_ms,
            "bond_gwei": rules.bond_gwei,
            "genesis_root": hexed(rules.genesis.post_root),
            "deployment": hexed(rules.hash),
        },
        totals_row(totals),
    ]


def totals_row(totals: l1_pb2.L1Totals) -> Row:
    """Return the sums over all balances, those of each asset under its number."""
    row: Row = {
        field.name: getattr(totals, field.name)
        for field in totals.DESCRIPTOR.fields
        if field.name != "assets"
    }
    for sums in totals.assets:
        row[f"asset_{sums.asset}_minted_units"] = sums.minted_units
        row[f"asset_{sums.asset}_escrowed_units"] = sums.escrowed_units
    return row


async def read_claims(l1: GrpcL1) -> list[Row]:
    """Return all claims as they stand."""
    window_ms = (await l1.deployment()).window_ms
    rows: list[Row] = []
    while page := await l1.claims(len(rows)):
        rows.extend(claim_row(posted, window_ms) for posted in page)
    return rows


def claim_row(posted: PostedClaim, window_ms: int) -> Row:
    """Return what is shown of a claim."""
    claim = posted.claim
    return {
        "claim": claim.number,
        "parent": claim.parent,
        "log_index": claim.output.log_index,
        "height": claim.output.height,
        "root": hexed(claim.output.post_root),
        "segments": claim.output.segments,
        "status": claim.status.name.lower(),
        "proposer": hexed(claim.proposer),
        "final_at_ms": claim.time + window_ms,
    }


async def read_log(l1: GrpcL1) -> list[Row]:
    """Return all log entries, without their bytes."""
    rows: list[Row] = []
    while page := await l1.log_entries(len(rows)):
        rows.extend(
            {
                "entry": entry.index,
                "bytes": len(entry.data),
                "block": entry.block,
                "time_ms": entry.time,
                "inbox_count": entry.inbox_count,
                "rules_version": entry.version,
                "data_root": hexed(entry.data_root),
                "pruned": entry.pruned,
            }
            for entry in page
        )
    return rows


async def read_mempool(l1: GrpcL1) -> list[Row]:
    """Return a line about the mempool, then its calls, in the order in which blocks take them."""
    page = await l1.mempool()
    rows: list[Row] = [
        {
            "waiting": page.calls_count,
            "bytes": page.size_bytes,
            "gas_price": page.gas_price,
        }
    ]
    rows.extend(
        {
            "call": hexed(each.hash),
            "sender": hexed(each.sender),
            "nonce": each.nonce,
            "kind": each.kind,
            "bytes": each.size_bytes,
            "gas_max": each.gas_max,
            "fee_max": each.fee_max,
            "tip": each.tip,
            "payable": each.payable,
            "since_block": each.since_block,
        }
        for each in page.calls
    )
    return rows


async def read_account(l1: GrpcL1, address: bytes) -> list[Row]:
    """Return what an address holds."""
    account = await l1.account(address)
    row: Row = {"address": hexed(address), "eth_gwei": account.eth, "token_micros": account.token}
    for asset, units in (await l1.holdings(address)).items():
        row[f"asset_{asset}_units"] = units
    return [row]
