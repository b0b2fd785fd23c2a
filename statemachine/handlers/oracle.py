"""Oracle: publishers' own signed prices, and the index they agree on.

The market keeps each publisher's latest message.  The index is the lower
median of all fresh ones, if they are enough: which messages the sequencer
includes, and in which order, gains it nothing.  A message that cannot be
taken is passed over; the update fails only if none could be.  A settled market takes
none.
"""

from statemachine.actions import OracleMessage, OracleUpdate
from statemachine.costs import COST_ORACLE
from statemachine.errors import Code
from statemachine.inbox import InboxItem
from statemachine.pricing.guards import admits_price
from statemachine.pricing.mark import INDEX_LIMIT, recompute_mark
from statemachine.records import Market, Oracle
from statemachine.risk.grace import note_update
from statemachine.states import (
    STATE_ACTIVE,
    STATE_CANCEL_ONLY,
    STATE_INITIALIZING,
    STATE_SETTLED,
)
from statemachine.step import Step
from statemachine.units import Millis, Price


def execute_oracle(step: Step, action: OracleUpdate, publishers: bytes) -> None:
    """Take an update's messages and set index and mark.

    ``publishers`` are the 20-byte addresses recovered from the messages, joined.
    """
    # READ
    state = step.state
    step.cost += COST_ORACLE

    # CHECKS, in the order of their codes; of the messages, the first one's counts
    if action.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    market = state.market(action.market)
    if market.state == STATE_SETTLED:
        step.refuse(Code.MARKET_STATE, (market.state,))
        return
    oracle = state.oracle(action.market)
    taken = 0
    for place, message in enumerate(action.messages):
        code = refusal_of(step, oracle, message, publishers[20 * place : 20 * place + 20])
        if code == Code.OK:
            # Each message is an effect of its own, and makes a second like it old.
            oracle.prices[message.publisher] = message.price
            oracle.times[message.publisher] = message.time
            taken += 1
        elif step.code == Code.OK:
            step.refuse(code, (place, message.time))
    if taken == 0:
        return

    # EFFECTS
    state.touch(oracle)
    update_index(step, market, oracle, step.now)

    # RECEIPT
    step.refuse(Code.OK)


def execute_queued_message(step: Step, item: InboxItem) -> None:
    """Take one publisher's message that was queued on L1, where its signature was checked.

    Messages are fresh by the time at which this one was queued.
    """
    # READ
    state = step.state
    step.cost += COST_ORACLE

    # CHECKS, in the order of their codes
    if item.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (item.market,))
        return
    market = state.market(item.market)
    if market.state == STATE_SETTLED:
        step.refuse(Code.MARKET_STATE, (market.state,))
        return
    oracle = state.oracle(item.market)
    message = OracleMessage(item.publisher, Price(item.price), Millis(item.told), b"")
    code = refusal_of(step, oracle, message, item.owner)
    if code != Code.OK:
        step.refuse(code, (0, item.told))
        return

    # EFFECTS and RECEIPT
    oracle.prices[item.publisher] = item.price
    oracle.times[item.publisher] = item.told
    state.touch(oracle)
    update_index(step, market, oracle, step.queued_at)


def refusal_of(step: Step, oracle: Oracle, message: OracleMessage, address: bytes) -> Code:
    """Return why a message may not be taken, or ``OK``."""
    publishers = step.rules.publishers
    if not 0 < message.price < INDEX_LIMIT:
        return Code.PRICE_RANGE
    if message.publisher >= len(publishers) or publishers[message.publisher] != address:
        return Code.PUBLISHER
    if message.time > step.now + step.rules.drift_ms:
        return Code.MESSAGE_TIME
    if message.time <= oracle.times[message.publisher]:
        return Code.MESSAGE_OLD
    return Code.OK


def update_index(step: Step, market: Market, oracle: Oracle, moment: int) -> None:
    """Set the index to the lower median of what is fresh at ``moment``, and with it the mark.

    What the guards hold back leaves both, and the index's age, as they are.
    The average that they go by moves with a block's first update only.

    The index is as old as the message without which there would be too few.
    """
    rules = step.rules
    oldest = moment - rules.oracle_age_ms_max
    newest = moment + rules.drift_ms
    prices: list[int] = []
    times: list[int] = []
    for publisher in range(len(rules.publishers)):
        time = oracle.times[publisher]
        if time and oldest <= time <= newest:
            prices.append(oracle.prices[publisher])
            times.append(time)
    if len(prices) < rules.publishers_min:
        return
    prices.sort()
    times.sort()
    price = prices[(len(prices) - 1) // 2]
    age = times[-rules.publishers_min]
    first = oracle.average_time != step.now
    if not admits_price(step, market, oracle, price, age, times[-1]):
        return
    market.index = price
    market.index_time = min(step.now, age)
    if first:
        # One round of messages counts once, in however many updates it comes.
        note_update(rules, market)
    if market.state == STATE_INITIALIZING:
        only = step.state.market_rules[market.market].collateral_only
        market.state = STATE_CANCEL_ONLY if only else STATE_ACTIVE
        # It opens now: what was before is no outage.
        market.sample_time = step.now - step.now % rules.sample_interval_ms
    recompute_mark(step, market)
