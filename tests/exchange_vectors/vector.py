"""A vector: one block as bytes, with all that goes in and comes out."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from statemachine.actions import Kind, Transaction, body_of
from statemachine.codec import pack
from statemachine.frame import encode_frame
from statemachine.merkle.tree import Tree
from statemachine.receipts import Receipt
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block, apply_segment
from tests.exchange_vectors.scene import Scene

FORMAT = 1
EXACT = 1 << 53
"""Integers from here on are written as text: not every reader of JSON keeps them."""


def plain(value: Any) -> Any:
    """Return a value as JSON shows it: bytes in hexadecimal, long integers as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, int) and abs(value) >= EXACT:
        return str(value)
    return value


def hexed(items: Mapping[bytes, bytes | None]) -> dict[str, str | None]:
    """Return keys and values in hexadecimal, in order of the keys."""
    return {
        key.hex(): None if value is None else value.hex() for key, value in sorted(items.items())
    }


def transaction_row(transaction: Transaction, signer: bytes) -> dict[str, Any]:
    """Return a transaction's bytes, who signed it, and what it says."""
    return {
        "hex": transaction.data.hex(),
        "signer": signer.hex(),
        "kind": Kind(transaction.kind).name,
        "nonce": plain(transaction.nonce),
        "expires_at": transaction.expires_at,
        "body": plain(body_of(transaction.action)),
    }


def receipt_row(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt's bytes, and what it says."""
    names = ("index", "leg", "code", "args", "order_id", "filled", "notional", "fee")
    values = {name: plain(getattr(receipt, name)) for name in names}
    return {"hex": receipt.encode().hex(), "name": receipt.name, **values}


def make_vector(scene: Scene) -> dict[str, Any]:
    """Play a scene and write down its block."""
    shown = scene.play()
    world, block = shown.world, shown.block
    tree = Tree.from_items(sorted(world.store.values.items()))
    vector: dict[str, Any] = {
        "format": FORMAT,
        "name": f"{scene.handler}/{scene.file}",
        "about": scene.about,
        "rules": world.rules.encode().hex(),
        "pre": hexed(world.store.values),
        "pre_root": tree.root.hex(),
    }
    frame = block.frame
    transactions = () if frame is None else frame.transactions
    vector["block"] = {
        "time": block.time,
        "frame": None
        if frame is None
        else encode_frame(frame.height, frame.time, frame.inbox_until, transactions).hex(),
        "inbox_from": block.inbox_from,
        "inbox": [item.encode().hex() for item in block.inbox],
    }
    rows = zip(transactions, block.signers, strict=True) if transactions else ()
    vector["transactions"] = [transaction_row(tx, signer) for tx, signer in rows]
    result = apply_block(world.store, world.rules, block)
    if result.receipts:
        last = result.receipts[-1].name
        assert last == scene.code.name, f"{vector['name']}: {last}, {result.receipts[-1].args}"
    vector["receipts"] = [receipt_row(receipt) for receipt in result.receipts]
    vector["segments"] = []
    store = MemoryStore(world.store.values.items())
    for writes in result.segments:
        segment = apply_segment(store, world.rules, block)
        assert segment.writes == writes
        store.apply(writes)
        row = {"steps": segment.steps, "cost": segment.cost, "writes": hexed(writes)}
        vector["segments"].append({**row, "root": tree.update(writes).hex()})
    return vector


def pin_of(files: Mapping[str, bytes]) -> str:
    """Return one hash over all files: SHA-256 of [[name, SHA-256 of its bytes]...] by name."""
    rows = [[name.encode(), sha256(files[name]).digest()] for name in sorted(files)]
    return sha256(pack(rows)).hexdigest()
