"""What people have outlives a change of the rules: their keys, orders and money, to the unit."""

from dataclasses import replace

from statemachine.actions import ApproveAgent, Kind
from statemachine.identity.signing import address_of
from statemachine.keys import TABLE_CURSOR, TABLE_DUE, TABLE_LEDGER, TABLE_MARKET
from statemachine.transition import LEG_INBOX
from statemachine.units import Millis
from tests.adversaries.world import MAKER, MID, SELL, TAKER, Land

TICKING = {TABLE_CURSOR, TABLE_LEDGER, TABLE_MARKET, TABLE_DUE}
"""Tables that change with every block."""


def test_session_keys_orders_and_money_outlive_a_change() -> None:
    """As they were, to the unit; what is new is what the new rules say."""
    land = Land(ramp_notice_ms=0)
    land.open(MAKER, TAKER)
    agent = b"\x77" * 32
    until = Millis(land.desk.now + 10**10)
    approval = ApproveAgent(address_of(agent), until, 1 << Kind.ORDER, 0)
    land.post([land.desk.sign(MAKER, approval)])
    first = land.order(agent, SELL, 10)
    land.post([first], [land.order(TAKER, 0, 10)])
    resting = land.order(agent, SELL, 4, MID + 1_000)
    land.post([resting])
    old_fee = fee_of_trade(land)
    before = dict(land.honest.tree.items())

    markets = tuple(replace(market, taker_ppm=900) for market in land.rules.markets)
    after = replace(land.rules, markets=markets)
    assert land.schedule(after).ok
    land.wait_for_rules()
    land.desk.now = land.chain.time
    entry = land.post([])
    assert entry.rules == after
    kept = {key: value for key, value in land.honest.tree.items() if key[0] not in TICKING}
    assert kept == {key: value for key, value in before.items() if key[0] not in TICKING}

    again = land.post(land.quotes(), [first])
    assert land.codes(again)[-1] == "NONCE_USED", "what was used once stays used"
    filled = land.post([land.order(TAKER, 0, 4, MID + 1_000)])
    assert land.codes(filled) == ["OK"]
    position = land.desk.position(TAKER)
    assert position is not None
    assert position.size == 24, "the order that rested was met"
    assert land.codes(land.post([land.order(agent, SELL, 1)])) == ["OK"], "his key still signs"
    assert fee_of_trade(land) > old_fee, "by the new rules"
    land.close()
    assert land.outcome("").is_well


def fee_of_trade(land: Land) -> int:
    """Return what the taker's last trade of 10 lots cost him, in micros."""
    land.post(land.quotes(), [land.order(MAKER, SELL, 10)])
    made = land.post([land.order(TAKER, 0, 10)])
    receipts = [r for each in made.blocks for r in each.result.receipts if r.leg != LEG_INBOX]
    return receipts[-1].fee


def test_what_is_in_memory_is_read_again_by_new_rules() -> None:
    """A market that had one margin rate for all sizes has one that grows with the crowd."""
    land = Land(ramp_notice_ms=0)
    land.open(MAKER, TAKER)
    big = 20_000
    posted = land.post([land.order(MAKER, SELL, big)], [land.order(TAKER, 0, big)])
    assert land.codes(posted) == ["OK", "OK"], "a twentieth of it was enough"
    markets = tuple(
        replace(market, open_interest_lower=1, open_interest_upper=2)
        for market in land.rules.markets
    )
    assert land.schedule(replace(land.rules, markets=markets)).ok
    land.wait_for_rules()
    land.post(land.quotes())
    posted = land.post([land.order(MAKER, SELL, 1)], [land.order(TAKER, 0, 1)])
    assert land.codes(posted) == ["MARGIN", "MARGIN"], "all of it is not there"
    newcomer = land.station(defends=False)
    newcomer.round()
    assert newcomer.core.replica.head == land.honest.head
