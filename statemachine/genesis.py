"""Genesis: the state before the first block, as the rules alone give it."""

from statemachine import due, keys
from statemachine.cursor import Cursor
from statemachine.records import Ledger, Market
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.storage import MemoryStore


def genesis_state(rules: Rules, time: int) -> dict[bytes, bytes]:
    """Return the state before the first block, at ``time`` ms: markets, no accounts."""
    cursor = Cursor(stored=False)
    cursor.time = cursor.framed_at = cursor.inbox_counted = time
    ledger = Ledger(stored=False)
    items = {cursor.key: cursor.encode(), ledger.key: ledger.encode()}
    for parameters in rules.markets:
        market = Market(keys.market_key(parameters.market), False, parameters.market)
        market.funding_time = time
        market.initial_ppm = parameters.initial_ppm
        market.maintenance_ppm = parameters.maintenance_ppm
        items[market.key] = market.encode()
    state = State(MemoryStore(items.items()), rules)
    due.arm_genesis(state)
    items.update({key: value for key, value in state.flush().items() if value is not None})
    return dict(sorted(items.items()))
