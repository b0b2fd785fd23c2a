"""Transactions: golden bytes, round trips, and what a decoder refuses."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.actions import (
    BULK_LEGS_MAX,
    FEE_ANY,
    SCALE_ORDERS_MAX,
    SLICES_MAX,
    Action,
    ApproveAgent,
    ApproveBuilder,
    Bracket,
    Bulk,
    BuyCollateral,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Leg,
    Modify,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Scale,
    Send,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Terms,
    Transfer,
    TransferAsset,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
    decode_transaction,
    encode_transaction,
)
from statemachine.codec import pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.frame import class_of, decode_frame, encode_frame
from statemachine.identity.signing import Domain, address_of, digest_of, recover, sign_digest
from statemachine.units import Lots, Micros, Millis, Price

SIGNATURE = bytes(range(65))
GOLDEN = Path(__file__).parent.parent / "vectors" / "transactions.json"
DOMAIN = Domain(7777, b"\x11" * 20)
KEY = b"\x42" * 32

subs = st.integers(0, 255)
markets = st.integers(0, 65534)
flags = st.integers(0, 127)
prices = st.integers(0, (1 << 63) - 1).map(Price)
sizes = st.integers(0, (1 << 63) - 1).map(Lots)
amounts = st.integers(0, (1 << 64) - 1).map(Micros)
times = st.integers(0, (1 << 53) - 1).map(Millis)
client_ids = st.just(b"") | st.binary(min_size=16, max_size=16)
refs = st.integers(0, (1 << 63) - 1) | st.binary(min_size=16, max_size=16)
addresses = st.binary(min_size=20, max_size=20)
signatures = st.binary(min_size=65, max_size=65)
terms = st.builds(
    Terms, times, st.integers(0, 7), st.integers(0, 1_000_000), st.integers(0, 5), prices
) | st.builds(
    Terms,
    times,
    builder=st.integers(1, (1 << 32) - 1),
    builder_ppm=st.integers(0, 1_000_000),
)


def orders_of(sub: int, market: int) -> st.SearchStrategy[PlaceOrder]:
    place = st.just(sub), st.just(market)
    return st.builds(PlaceOrder, *place, flags, prices, sizes, client_ids, terms)


def brackets_of(sub: int, market: int) -> st.SearchStrategy[Bracket]:
    order = orders_of(sub, market)
    one_or_two = st.lists(order, min_size=1, max_size=2).map(tuple)
    with_entry = st.builds(Bracket, st.just(sub), order, one_or_two)
    return with_entry | st.builds(Bracket, st.just(sub), st.none(), st.tuples(order, order))


def legs_of(sub: int) -> st.SearchStrategy[Leg]:
    places = st.builds(PlaceOrder, st.just(sub), markets, flags, prices, sizes, client_ids)
    places |= st.builds(PlaceOrder, st.just(sub), markets, flags, prices, sizes, client_ids, terms)
    cancels = st.builds(Cancel, st.just(sub), markets, refs)
    modifies = st.builds(Modify, st.just(sub), markets, flags, refs, prices, sizes)
    return places | cancels | modifies


bulks = subs.flatmap(
    lambda sub: st.builds(
        Bulk, st.just(sub), st.lists(legs_of(sub), min_size=1, max_size=8).map(tuple), st.booleans()
    )
)
messages = st.builds(OracleMessage, st.integers(0, 255), prices, times, signatures)
signed_actions: st.SearchStrategy[Action] = st.one_of(
    subs.flatmap(legs_of),
    st.builds(CancelAll, subs, st.integers(0, 65535), st.integers(0, 2)),
    st.tuples(subs, markets).flatmap(lambda place: brackets_of(*place)),
    st.builds(
        Twap,
        subs,
        markets,
        flags,
        prices,
        sizes,
        st.integers(0, SLICES_MAX),
        st.integers(0, 86_400_000).map(Millis),
    ),
    st.builds(CancelAt, subs, times),
    st.builds(ClosePosition, subs, markets, prices),
    st.builds(Scale, subs, markets, flags, prices, prices, sizes, st.integers(2, SCALE_ORDERS_MAX)),
    st.builds(SetLeverage, subs, markets, st.integers(0, 65535)),
    st.builds(SetMarketState, markets, st.integers(0, 255)),
    st.builds(SetMargin, markets, st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)),
    bulks,
    st.builds(Withdraw, subs, amounts),
    st.builds(Transfer, subs, subs, amounts),
    st.builds(Send, addresses, subs, subs, amounts),
    st.builds(CreateFund, subs, st.integers(0, 1_000_000), times),
    st.builds(FundDeposit, st.integers(0, (1 << 32) - 1), subs, subs, amounts),
    st.builds(FundWithdraw, st.integers(0, (1 << 32) - 1), subs, subs, amounts),
    st.builds(SetReferrer, subs, st.integers(0, (1 << 32) - 1)),
    st.builds(ApproveBuilder, st.integers(0, (1 << 32) - 1), st.integers(0, 1_000_000)),
    st.builds(VaultDeposit, subs, markets, amounts),
    st.builds(VaultWithdraw, subs, markets, amounts),
    st.builds(PoolSupply, subs, amounts),
    st.builds(PoolRedeem, subs, amounts),
    st.builds(ApproveAgent, addresses, times, st.integers(0, (1 << 32) - 1), amounts),
    st.builds(
        ApproveAgent, addresses, times, st.integers(0, (1 << 32) - 1), amounts, amounts, amounts
    ),
    st.builds(RevokeAgent, addresses),
    st.builds(Poke, st.integers(0, (1 << 32) - 1), subs),
)


@given(signed_actions, st.integers(0, (1 << 64) - 1), times, signatures)
def test_decode_undoes_encode(action: Action, nonce: int, expires: int, signature: bytes) -> None:
    data = encode_transaction(action, nonce, expires, signature)
    decoded = decode_transaction(data)
    assert decoded.action == action
    assert (decoded.nonce, decoded.expires_at, decoded.signature) == (nonce, expires, signature)
    assert encode_transaction(decoded.action, nonce, expires, signature) == data


@given(st.builds(OracleUpdate, markets, st.lists(messages, min_size=1, max_size=8).map(tuple)))
def test_oracle_updates_carry_no_signature_of_their_own(update: OracleUpdate) -> None:
    assert decode_transaction(encode_transaction(update, 0, 0, b"")).action == update
    for nonce, expires, signature in ((1, 0, b""), (0, 1, b""), (0, 0, SIGNATURE)):
        with pytest.raises(FrameInvalid):
            decode_transaction(encode_transaction(update, nonce, expires, signature))


@given(signed_actions, st.data())
def test_a_changed_byte_is_another_transaction_or_none(action: Action, data: st.DataObject) -> None:
    good = encode_transaction(action, 1 << 50, 0, SIGNATURE)
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    try:
        decoded = decode_transaction(bytes(bad))
    except FrameInvalid:
        return
    again = encode_transaction(decoded.action, decoded.nonce, decoded.expires_at, decoded.signature)
    assert again == bytes(bad) != good


def golden_actions() -> dict[str, Action]:
    cid = bytes(range(16))
    expiring = Terms(Millis(1_700_000_900_000), 5, 700)
    falls = Terms(trigger=1, trigger_price=Price(5_900_000))
    rises = Terms(max_fee_ppm=500, trigger=2, trigger_price=Price(7))
    stop = PlaceOrder(0, 1, 11, Price(5_800_000), Lots(50), b"", falls)
    profit = PlaceOrder(0, 1, 9, Price(6_200_000), Lots(50), b"", rises)
    return {
        "order": PlaceOrder(0, 1, 0, Price(6_000_000), Lots(50)),
        "order with client id": PlaceOrder(2, 1, 5, Price(6_000_010), Lots(1), cid),
        "order with terms": PlaceOrder(0, 1, 36, Price(6_000_000), Lots(50), cid, expiring),
        "order of a builder": PlaceOrder(
            0, 1, 0, Price(6_000_000), Lots(50), b"", Terms(builder=7, builder_ppm=300)
        ),
        "stop": stop,
        "cancel by order id": Cancel(0, 1, 77),
        "cancel by client id": Cancel(0, 1, cid),
        "cancel all": CancelAll(0, 65535),
        "cancel all of a side": CancelAll(2, 1, 1),
        "modify": Modify(0, 1, 4, 77, Price(5_999_990), Lots(9)),
        "bulk": Bulk(
            0,
            (
                PlaceOrder(0, 1, 4, Price(6_000_000), Lots(5)),
                PlaceOrder(0, 1, 5, Price(6_000_100), Lots(5), cid),
                Cancel(0, 1, 1000),
                Cancel(0, 1, 990),
                Modify(0, 2, 0, 995, Price(100), Lots(7)),
            ),
        ),
        "atomic bulk": Bulk(
            0,
            (Cancel(0, 1, 1000), PlaceOrder(0, 1, 4, Price(6_000_000), Lots(5))),
            atomic=True,
        ),
        "bulk with terms": Bulk(
            0, (stop, PlaceOrder(0, 1, 4, Price(5_900_000), Lots(5), cid, expiring))
        ),
        "bracket": Bracket(0, PlaceOrder(0, 1, 0, Price(6_000_000), Lots(50)), (stop, profit)),
        "two exits": Bracket(0, None, (stop, profit)),
        "twap": Twap(0, 1, 1, Price(5_900_000), Lots(500), 10, Millis(60_000)),
        "switch": CancelAt(2, Millis(1_700_000_900_000)),
        "close": ClosePosition(0, 1, Price(5_900_000)),
        "scale": Scale(0, 1, 4, Price(5_900_000), Price(5_800_000), Lots(500), 8),
        "withdraw": Withdraw(0, Micros(5_000_000)),
        "transfer": Transfer(0, 1, Micros(5_000_000)),
        "set referrer": SetReferrer(0, 7),
        "approve builder": ApproveBuilder(7, 300),
        "send": Send(b"\x33" * 20, 0, 1, Micros(5_000_000)),
        "create fund": CreateFund(64, 100_000, Millis(86_400_000)),
        "fund deposit": FundDeposit(3, 64, 0, Micros(5_000_000)),
        "fund withdraw": FundWithdraw(3, 64, 0, 4_000_000),
        "vault deposit": VaultDeposit(0, 1, Micros(5_000_000)),
        "vault withdraw": VaultWithdraw(0, 1, 4_000_000),
        "pool supply": PoolSupply(2, Micros(5_000_000)),
        "pool redeem": PoolRedeem(2, 4_000_000),
        "approve agent": ApproveAgent(b"\x22" * 20, Millis(1_800_000_000_000), 62, 3),
        "approve agent with budgets": ApproveAgent(
            b"\x22" * 20, Millis(1_800_000_000_000), 62, 3, Micros(7_000_000), Micros(2_000_000)
        ),
        "set leverage": SetLeverage(0, 1, 5),
        "set market state": SetMarketState(1, 4),
        "set margin": SetMargin(1, 60_000, 30_000),
        "revoke agent": RevokeAgent(b"\x22" * 20),
        "poke": Poke(12, 0),
        "withdraw asset": WithdrawAsset(0, 1, 5_000_000),
        "transfer asset": TransferAsset(0, 1, 1, 5_000_000),
        "buy collateral": BuyCollateral(0, 1, 5_000_000, Price(3_500_000)),
    }


def golden_rows() -> list[dict[str, str]]:
    rows = []
    nonce = 1_700_000_000_000 << 10 | 5
    for name, action in golden_actions().items():
        digest = digest_of(DOMAIN, action, nonce, 0)
        data = encode_transaction(action, nonce, 0, sign_digest(KEY, digest))
        rows.append({"name": name, "digest": digest.hex(), "transaction": data.hex()})
    return rows


def test_golden_bytes() -> None:
    """Bytes and digests are consensus: a change here is a new version of the rules."""
    assert json.loads(GOLDEN.read_text())["transactions"] == golden_rows()


def test_golden_signatures_recover() -> None:
    for row in json.loads(GOLDEN.read_text())["transactions"]:
        decoded = decode_transaction(bytes.fromhex(row["transaction"]))
        assert recover(bytes.fromhex(row["digest"]), decoded.signature) == address_of(KEY)


def with_body(kind: int, body: object) -> bytes:
    return pack([1, kind, 1, 0, body, SIGNATURE])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pack([2, 1, 1, 0, [0, 1, 0, 1, 1, b""], SIGNATURE]), id="version"),
        pytest.param(with_body(99, []), id="kind"),
        pytest.param(with_body(1, [0, 1, 0, 1, 1]), id="short order"),
        pytest.param(with_body(1, [0, 1, 256, 1, 1, b""]), id="unknown flag"),
        pytest.param(with_body(1, [256, 1, 0, 1, 1, b""]), id="sub-account"),
        pytest.param(with_body(1, [0, 1, 0, -1, 1, b""]), id="negative price"),
        pytest.param(with_body(1, [0, 1, 0, 1, -1, b""]), id="negative size"),
        pytest.param(with_body(1, [0, 1, 0, 1, 1, b"short"]), id="client id of 5 bytes"),
        pytest.param(
            with_body(1, [0, 1, 0, 1, 1, b"", [0, 0, FEE_ANY, 0, 0, 0, 0, 0]]), id="builder nobody"
        ),
        pytest.param(
            with_body(1, [0, 1, 0, 1, 1, b"", [0, 0, FEE_ANY, 0, 0, 0, 7]]), id="builder alone"
        ),
        pytest.param(with_body(23, [7, FEE_ANY + 1]), id="more than everything"),
        pytest.param(with_body(2, [0, 1, -1]), id="negative order id"),
        pytest.param(with_body(2, [0, 1, b""]), id="no reference"),
        pytest.param(with_body(35, [1, 1 << 32, 1]), id="a rate of more than 32 bits"),
        pytest.param(with_body(5, [0, []]), id="bulk without legs"),
        pytest.param(with_body(5, [0, [[1, []]]]), id="bulk with an empty list"),
        pytest.param(with_body(5, [0, [[1, [[1, 5]]], [1, [[1, 6]]]]]), id="market twice in a row"),
        pytest.param(with_body(5, [0, [[1, [[1, 5]] * (BULK_LEGS_MAX + 1)]]]), id="65 legs"),
        pytest.param(with_body(5, [0, [[1, [[3, 5]]]]]), id="leg of no kind"),
        pytest.param(with_body(5, [0, [[1, [[1, 5]]]], 0]), id="an atomic bulk that is none"),
        pytest.param(with_body(5, [0, [[1, [[1, 5]]]], 2]), id="an atomic bulk of another kind"),
        pytest.param(with_body(5, [0, [[1, [[1, 5]]]], True]), id="an atomic bulk by a truth"),
        pytest.param(with_body(5, [0, [[1, [[1, 5]]]], 1, 1]), id="more behind an atomic bulk"),
        pytest.param(with_body(5, [0, [[1, [[1, 0]] * 9]], 1]), id="9 legs in an atomic bulk"),
        pytest.param(with_body(5, [0, [[1, [[1, 5], [1, -6]]]]]), id="difference below zero"),
        pytest.param(pack([1, 1, 1, 0, [0, 1, 0, 1, 1, b""], b""]), id="no signature"),
        pytest.param(pack([1, 1, -1, 0, [0, 1, 0, 1, 1, b""], SIGNATURE]), id="nonce"),
        pytest.param(pack([1, 1, 1, 0, [0, 1, 0, 1, 1, b""], SIGNATURE, 0]), id="one field more"),
        pytest.param(b"\x00" * 9000, id="too long"),
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(FrameInvalid):
        decode_transaction(data)


@given(st.lists(signed_actions, max_size=5))
def test_frames_decode_to_what_was_encoded(actions: list[Action]) -> None:
    transactions = [
        decode_transaction(encode_transaction(action, i, 0, SIGNATURE))
        for i, action in enumerate(actions)
    ]
    data = encode_frame(5, 1_000, 3, transactions)
    frame = decode_frame(data)
    assert (frame.height, frame.time, frame.inbox_until) == (5, 1_000, 3)
    assert [t.data for t in frame.transactions] == [t.data for t in transactions]
    assert unpack(data)[4] == [t.data for t in transactions]  # type: ignore[index]  # a list


def test_a_bulk_has_the_last_class_among_its_legs() -> None:
    cancel = Cancel(0, 1, 1)
    post_only = PlaceOrder(0, 1, 4, Price(1), Lots(1))
    taker = PlaceOrder(0, 1, 0, Price(1), Lots(1))
    assert [class_of(a) for a in (cancel, post_only, taker)] == [6, 7, 9]
    assert class_of(Bulk(0, (cancel, post_only))) == 7
    assert class_of(Bulk(0, (taker, cancel))) == 9
