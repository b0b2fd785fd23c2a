"""State records: golden bytes, and decoders that take exactly what encoders write."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from statemachine import keys
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import StorageCorrupt
from statemachine.inbox import InboxItem, InboxKind, decode_inbox_item
from statemachine.receipts import Receipt, decode_receipt
from statemachine.records import (
    AssetSums,
    Exit,
    Fund,
    Group,
    Holding,
    Ledger,
    Market,
    Nonces,
    Oracle,
    Order,
    Pool,
    Portfolio,
    Position,
    Ramp,
    Record,
    Share,
    Signer,
    Sleeper,
    Stake,
    Standing,
    Supply,
    TwapPlan,
    Vault,
    Velocity,
    decode_account,
    decode_asset,
    decode_builder,
    decode_client_id,
    decode_due,
    decode_fund,
    decode_group,
    decode_holding,
    decode_ledger,
    decode_market,
    decode_nonces,
    decode_oracle,
    decode_order,
    decode_owned,
    decode_pool,
    decode_portfolio,
    decode_position,
    decode_ramp,
    decode_share,
    decode_signer,
    decode_sleeper,
    decode_stake,
    decode_standing,
    decode_supply,
    decode_twap,
    decode_vault,
    decode_velocity,
    decode_withdrawal,
    encode_account,
    encode_builder,
    encode_client_id,
    encode_due,
    encode_owned,
    encode_withdrawal,
)
from statemachine.rules import decode_rules
from statemachine.units import Micros, Millis
from tests.worlds import world_rules

GOLDEN = Path(__file__).parent.parent / "vectors" / "records.json"
OWNER = bytes(range(20))


def fields_of(kind: Any) -> Sequence[str]:
    """Return the names of a record's own fields, compiled or not."""
    found = getattr(kind, "__mypyc_attrs__", None) or kind.__slots__
    shared = getattr(Record, "__mypyc_attrs__", ())
    return [name for name in found if name not in shared]


def numbered(record: Any, start: int = 1) -> Any:
    """Give every plain field of a record a value of its own, some of them negative."""
    signed = {"cost", "basis", "premium_sum", "funding_rate", "funding_index", "balance", "fee"}
    for value, name in enumerate(sorted(fields_of(type(record))), start):
        held = getattr(record, name)
        if isinstance(held, bool):
            setattr(record, name, True)
        elif isinstance(held, int) and name not in ("market", "portfolio"):
            setattr(record, name, -value if name in signed else value)
    return record


def cursor() -> Cursor:
    made: Cursor = numbered(Cursor(stored=False))
    made.cost = 99
    made.receipts = 5
    made.frontier = [b"\xaa" * 32, b"\xbb" * 32]
    return made


def portfolio() -> Portfolio:
    made: Portfolio = numbered(Portfolio(keys.portfolio_key(7 << 8 | 2), False, 7 << 8 | 2))
    made.markets = [1, 3]
    return made


def position() -> Position:
    key = keys.position_key(7 << 8 | 2, 3)
    made: Position = numbered(Position(key, False, 3, 0))
    return made


def order() -> Order:
    key = keys.order_key(3, 0, 6_000_000, 9)
    times = 1_700_000_000_000, 1_700_000_900_000
    return Order(key, False, 7 << 8 | 2, 4, 50, 40, times[0], b"clienthd", times[1], 9)


def sleeper() -> Sleeper:
    key = keys.sleeper_key(3, 1, 5_900_000, 9)
    times = 1_700_000_000_000, 1_700_000_900_000
    portfolio = 7 << 8 | 2
    made = Sleeper(
        key, False, portfolio, 9, 5_800_000, 50, times[0], b"clienthd", times[1], 8, 5, 700
    )
    made.builder, made.builder_ppm = 6, 300
    return made


def twap() -> TwapPlan:
    plan = TwapPlan(keys.twap_key(9), False, 7 << 8 | 2, 3, 2, 6_000_000, 50, 40, 5, 10, 1_000)
    plan.next_at, plan.item = 1_700_000_000_000, 12
    return plan


def ramp() -> Ramp:
    times = 1_700_000_000_000, 1_700_604_800_000
    return Ramp(keys.ramp_key(3), False, (50_000, 25_000), (60_000, 20_000), *times)


def group() -> Group:
    exits = [
        Exit(9, 5_800_000, 50, 1, 5_900_000, 10),
        Exit(9, 6_200_000, 50, 0, 6_100_000, 11),
    ]
    return Group(keys.group_key(9), False, 7 << 8 | 2, 3, 1, 40, 12, exits)


def again(decode: Callable[[bytes, bytes], Any], key: bytes) -> Callable[[bytes], bytes]:
    """Return decode-then-encode for a record that is an object."""
    return lambda data: bytes(decode(key, data).encode())


def rows() -> dict[str, tuple[bytes, Callable[[bytes], bytes]]]:
    """Return name -> (bytes, decode-then-encode)."""
    market_key, oracle_key = keys.market_key(3), keys.oracle_key(3)
    signer_key, nonces_key = keys.signer_key(OWNER), keys.nonces_key(OWNER, 5)
    signer = Signer(signer_key, False, 7, 1, 1_800_000_000_000, 62, 3)
    signer.notional_max, signer.loss_max, signer.notional = 5_000_000, 3_000_000, 2_000_000
    signer.day, signer.sub, signer.start = 20_000, 2, -7
    nonces = Nonces(
        nonces_key, False, 100, b"".join(n.to_bytes(8, "big") for n in (101, 105, 1 << 63))
    )
    market: Market = numbered(Market(market_key, False, 3))
    oracle = Oracle(oracle_key, False, list(range(1, 9)), list(range(11, 19)))
    oracle.average, oracle.average_time, oracle.pending, oracle.pending_time = 21, 22, 23, 24
    ledger: Ledger = numbered(Ledger(stored=False))
    pool: Pool = numbered(Pool(stored=False))
    supply: Supply = numbered(Supply(keys.supply_key(7), False, 1))
    vault: Vault = numbered(Vault(keys.vault_key(3), False))
    share: Share = numbered(Share(keys.share_key(3, 7), False, 1))
    fund: Fund = numbered(Fund(keys.fund_key(7 << 8 | 64), False, 1, 2))
    stake: Stake = numbered(Stake(keys.stake_key(7 << 8 | 64, 9), False, 1))
    standing = Standing(keys.standing_key(7), False)
    standing.day, standing.referrer, standing.volumes = 20_000, 6, list(range(1, 15))
    velocity: Velocity = numbered(Velocity(stored=False))
    item = InboxItem(InboxKind.DEPOSIT, OWNER, 2, Micros(5_000_000), Millis(1_700_000_000_000))
    time = Millis(1_700_000_000_000)
    forced = InboxItem(InboxKind.FORCED_CLOSE, OWNER, 2, Micros(0), time, market=3, price=6_000_000)
    revoked = InboxItem(InboxKind.FORCED_REVOKE, OWNER, 0, Micros(0), time, other=b"\xee" * 20)
    said = InboxItem(
        InboxKind.ORACLE, OWNER, 0, Micros(0), time, market=3, price=7, publisher=2, told=9
    )
    staked = InboxItem(InboxKind.FORCED_WITHDRAW, OWNER, 2, Micros(5_000_000), time, 3)
    holding: Holding = numbered(Holding(keys.holding_key(7 << 8 | 2, 3), False))
    sums: AssetSums = numbered(AssetSums(keys.asset_key(3), False))
    receipt = Receipt(b"\xcc" * 32, 4, 1, 54, (10, -3), 9, 50, 300_000_000, -7)
    return {
        "cursor": (cursor().encode(), lambda d: decode_cursor(d).encode()),
        "ledger": (ledger.encode(), lambda d: decode_ledger(d).encode()),
        "signer": (signer.encode(), again(decode_signer, signer_key)),
        "account": (encode_account(OWNER), lambda d: encode_account(decode_account(d))),
        "nonces": (nonces.encode(), again(decode_nonces, nonces_key)),
        "market": (market.encode(), again(decode_market, market_key)),
        "oracle": (oracle.encode(), again(decode_oracle, oracle_key)),
        "ramp": (ramp().encode(), again(decode_ramp, ramp().key)),
        "portfolio": (portfolio().encode(), again(decode_portfolio, portfolio().key)),
        "position": (position().encode(), again(decode_position, position().key)),
        "order": (order().encode(), again(decode_order, order().key)),
        "sleeper": (sleeper().encode(), again(decode_sleeper, sleeper().key)),
        "group": (group().encode(), again(decode_group, group().key)),
        "twap": (twap().encode(), again(decode_twap, twap().key)),
        "owned order": (encode_owned(1, 600), lambda d: encode_owned(*decode_owned(d))),
        "client id": (
            encode_client_id(bytes(range(16)), 3, 9),
            lambda d: encode_client_id(*decode_client_id(d)),
        ),
        "due": (encode_due(16, 2, 7 << 8 | 2, 9), lambda d: encode_due(*decode_due(d))),
        "withdrawal": (
            encode_withdrawal(OWNER, 5_000_000, 1_700_000_000_000),
            lambda d: encode_withdrawal(*decode_withdrawal(d)),
        ),
        "pool": (pool.encode(), lambda d: decode_pool(d).encode()),
        "supply": (supply.encode(), again(decode_supply, supply.key)),
        "holding": (holding.encode(), again(decode_holding, holding.key)),
        "asset": (sums.encode(), again(decode_asset, sums.key)),
        "asset withdrawal": (
            encode_withdrawal(OWNER, 5_000_000, 1_700_000_000_000, 3),
            lambda d: encode_withdrawal(*decode_withdrawal(d)),
        ),
        "asset item": (staked.encode(), lambda d: decode_inbox_item(d).encode()),
        "vault": (vault.encode(), again(decode_vault, vault.key)),
        "share": (share.encode(), again(decode_share, share.key)),
        "fund": (fund.encode(), again(decode_fund, fund.key)),
        "stake": (stake.encode(), again(decode_stake, stake.key)),
        "standing": (standing.encode(), again(decode_standing, standing.key)),
        "builder": (encode_builder(300), lambda d: encode_builder(decode_builder(d))),
        "velocity": (velocity.encode(), lambda d: decode_velocity(d).encode()),
        "forced item": (forced.encode(), lambda d: decode_inbox_item(d).encode()),
        "oracle item": (said.encode(), lambda d: decode_inbox_item(d).encode()),
        "revoking item": (revoked.encode(), lambda d: decode_inbox_item(d).encode()),
        "inbox item": (item.encode(), lambda d: decode_inbox_item(d).encode()),
        "receipt": (receipt.encode(), lambda d: decode_receipt(d).encode()),
        "rules": (world_rules().encode(), lambda d: decode_rules(d).encode()),
    }


ROWS = rows()
FIXED_WIDTH = sorted(
    set(ROWS)
    - {
        "inbox item",
        "asset item",
        "forced item",
        "revoking item",
        "oracle item",
        "receipt",
        "rules",
    }
)


def test_golden_bytes() -> None:
    """Bytes are consensus: a change here is a new version of the rules."""
    golden = json.loads(GOLDEN.read_text())["records"]
    assert {name: data.hex() for name, (data, _) in ROWS.items()} == golden


@pytest.mark.parametrize("name", sorted(ROWS))
def test_decode_undoes_encode(name: str) -> None:
    data, decode_then_encode = ROWS[name]
    assert decode_then_encode(data) == data


@pytest.mark.parametrize("name", FIXED_WIDTH)
def test_refused(name: str) -> None:
    data, decode_then_encode = ROWS[name]
    for bad in (data[:-1], data + b"\x00", b"", b"\x02" + data[1:]):
        with pytest.raises(StorageCorrupt):
            decode_then_encode(bad)


def test_the_best_order_is_the_first_key() -> None:
    bids = [keys.order_key(1, 0, price, seq) for price, seq in ((9, 5), (9, 6), (8, 1), (7, 0))]
    asks = [keys.order_key(1, 1, price, seq) for price, seq in ((7, 0), (8, 1), (9, 5), (9, 6))]
    assert bids == sorted(bids)
    assert asks == sorted(asks)
    assert keys.order_place(bids[0]) == (1, 0, 9, 5)
    assert keys.order_place(asks[0]) == (1, 1, 7, 0)
