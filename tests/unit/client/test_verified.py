"""Reads under a claim on L1: right whatever the node says, or refused."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from node.service.errors import Refused as ServiceRefused
from node.service.proofs import prove_keys
from proto.sextant.v1 import query_pb2
from sextant.client.verified import Verified
from sextant.errors import BadRequest
from statemachine import keys
from statemachine.book.resting import hash_client_id
from statemachine.records import decode_portfolio
from tests.unit.client.claimed import CLIENT_ID, READS, crooked, final, owner, read
from tests.worlds import USDC


def finding(ref: int | bytes, number: int) -> Callable[[Verified], Awaitable[Any]]:
    return lambda verified: verified.order(ref, number)


def test_an_account_is_what_its_leaves_say() -> None:
    scene = final()
    account = read(scene, lambda verified: verified.account(owner(1)))
    number = account.account
    assert account.owner == owner(1)
    [portfolio] = account.portfolios
    key = keys.portfolio_key(number << 8)
    record = decode_portfolio(key, scene.world.store.values[key])
    assert portfolio.balance == Decimal(record.balance).scaleb(-6)
    assert portfolio.open_orders == record.open_orders
    [position] = portfolio.positions
    assert (position.size, position.entry_price) == (Decimal("0.0200"), Decimal(60_000))
    assert position.unrealised == position.size * position.mark - position.cost
    again = read(scene, lambda verified: verified.position(number, "m0"))
    assert again == position
    assert read(scene, lambda verified: verified.position(number, 1)) is None
    assert read(scene, lambda verified: verified.account(b"\x09" * 20)) is None
    assert read(scene, lambda verified: verified.account(77)) is None


def test_orders_of_every_kind_are_found_and_none_is_left_out() -> None:
    scene = final()
    number = scene.world.state.signer(owner(1)).account  # type: ignore[union-attr]
    orders = read(scene, lambda verified: verified.orders(number))
    account = read(scene, lambda verified: verified.account(number))
    assert len(orders) == account.portfolios[0].open_orders == 9
    assert sorted({one.state for one in orders}) == ["asleep", "resting", "slicing"]
    [pegged] = [one for one in orders if one.offset is not None]
    assert pegged.offset == Decimal("-0.50")
    [named] = [one for one in orders if one.size == Decimal("0.0007")]
    found = read(scene, lambda verified: verified.order(CLIENT_ID, number))
    assert found == named
    for one in orders:
        assert read(scene, finding(one.order_id, number)) == one
    for absent in (10**6, b"another-id-00001"):
        assert read(scene, finding(absent, number)) is None


def test_a_client_id_that_only_shares_a_hash_is_not_taken_for_another() -> None:
    scene = final()
    number = scene.world.state.signer(owner(1)).account  # type: ignore[union-attr]
    tree = scene.trees[1]
    other = b"another-id-00001"
    value = tree.get(keys.client_id_key(number << 8, hash_client_id(CLIENT_ID)))
    tree.update({keys.client_id_key(number << 8, hash_client_id(other)): value})
    crooked(scene, tree)
    assert read(scene, lambda verified: verified.order(other, number), claim=2) is None


def test_a_book_is_complete_as_far_as_it_goes() -> None:
    scene = final()
    book = read(scene, lambda verified: verified.book("M0"))
    asks = [one.remaining for one in book.asks]
    assert asks == [Decimal(lots).scaleb(-4) for lots in (300, 10, 20, 30, 40, 50)]
    assert [level.price for level in book.levels("ask")][:2] == [Decimal(60_000), Decimal(60_001)]
    assert book.bids[0].price_now == Decimal("59999.5")
    assert (book.bids_whole, book.asks_whole) == (True, True)
    assert book.levels("bid")[1].orders == 2
    short = read(scene, lambda verified: verified.book("M0", orders=2))
    assert (short.bids_whole, short.asks_whole) == (False, False)
    assert short.asks == book.asks[:2]
    assert short.bids == book.bids[: len(short.bids)]
    assert len(short.bids) == 3
    with pytest.raises(BadRequest):
        read(scene, lambda verified: verified.book("DOGE"))


def test_long_lists_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sextant.client.state_reads.PAGE", 2)
    monkeypatch.setattr("sextant.client.verified.PAGE", 2)
    scene = final()
    assert len(read(scene, READS["orders"])) == 9


@pytest.mark.parametrize(("many", "count"), [(17, 1), (1, 0), (1, 1_025), (3, 400)], ids=str)
def test_requests_for_too_much_are_refused(many: int, count: int) -> None:
    scene = final()
    ranges = [query_pb2.KeyRange(prefix=b"\x30", count=count)] * many
    with pytest.raises(ServiceRefused):
        prove_keys(cast("Any", scene), query_pb2.GetProofRequest(ranges=ranges))


def test_amounts_are_usdc() -> None:
    scene = final()
    account = read(scene, lambda verified: verified.account(owner(2)))
    assert account.portfolios[0].balance == Decimal(100_000 * USDC).scaleb(-6)
