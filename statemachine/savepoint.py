"""A savepoint: what a step did is kept whole, or undone as if it had never run.

Records are changed in place, so that the hot path pays nothing for undoing.
What an atomic bulk may undo is therefore noted once, when it begins: the bytes
of each record that this segment changed already.  From then on the journal
notes anew what changes.  To undo, each such record is made again

* from the noted bytes, if this segment had changed it before,
* from what an earlier segment of this run wrote, if one did,
* and else forgotten: whoever asks next reads it from the store again.

A witness needs nothing more for it: only what was read is ever read again.
Ranges are corrected by what came to be and ceased to be, events are cut back.
The cursor is not part of it: a step that is undone has still taken place.
"""

from typing import Final, final

from statemachine import keys
from statemachine.errors import invariant
from statemachine.records import (
    Blob,
    Record,
    decode_group,
    decode_ledger,
    decode_market,
    decode_order,
    decode_pool,
    decode_portfolio,
    decode_position,
    decode_sleeper,
    decode_standing,
    decode_twap,
)
from statemachine.risk.tiers import is_graded
from statemachine.state import State

ORDER_TABLES: Final = frozenset({keys.TABLE_ORDER, keys.TABLE_PEGGED})
BLOB_TABLES: Final = frozenset(
    {keys.TABLE_OWNED, keys.TABLE_CLIENT_ID, keys.TABLE_RANK, keys.TABLE_DUE}
)


@final
class Image:
    """A record as it was: its bytes, whether it existed, whether the store had it."""

    __slots__ = ("data", "live", "stored")

    def __init__(self, record: Record) -> None:
        """Note what ``record`` is."""
        self.data = record.encode()
        self.live = record.live
        self.stored = record.stored


@final
class Savepoint:
    """See the module's docstring; open one, then keep what was done or undo it."""

    __slots__ = ("changed", "events", "images", "state")

    def __init__(self, state: State) -> None:
        """Note how things stand."""
        state.rank_positions()
        self.state = state
        self.changed = state.changed
        self.images = [Image(record) for record in state.changed]
        self.events = len(state.events)
        for record in state.changed:
            record.dirty = False
        state.changed = []

    def keep(self) -> None:
        """Let what was done stand."""
        fresh = self.state.changed
        for record in fresh:
            record.dirty = False
        for record in self.changed:
            record.dirty = True
        for record in fresh:
            if not record.dirty:
                record.dirty = True
                self.changed.append(record)
        self.state.changed = self.changed

    def undo(self) -> None:
        """Leave everything as it was noted."""
        state = self.state
        fresh = state.changed
        changed: list[Record] = []
        for record, image in zip(self.changed, self.images, strict=True):
            before = record
            if record.dirty:
                correct_range(state, record, image.live)
                before = place_record(state, record.key, image.data)
                before.live = image.live
                before.stored = image.stored
                # Seen to: what is still dirty below was not, before the savepoint.
                record.dirty = False
            before.dirty = True
            changed.append(before)
        for record in fresh:
            if record.dirty:
                record.dirty = False
                correct_range(state, record, record.stored)
                data = state.last_written(record.key)
                if record.stored and data is not None:
                    place_record(state, record.key, data)
                else:
                    forget_record(state, record)
        for record in fresh:
            if record.key[0] == keys.TABLE_POSITION:
                forget_positions(state, record.key)
        state.changed = changed
        state.unranked = []
        del state.events[self.events :]


def correct_range(state: State, record: Record, existed: bool) -> None:
    """Undo what a record's coming or going did to the range that it is in, if any."""
    length = keys.RANGE_LENGTH.get(record.key[0], 0)
    if length == 0 or record.live == existed:
        return
    found = state.range(record.key[:length])
    if existed:
        found.insert(record.key)
    else:
        found.remove(record.key)


def place_record(state: State, key: bytes, data: bytes) -> Record:
    """Put the record that ``data`` encodes where the state looks for it."""
    table = key[0]
    if table in ORDER_TABLES:
        order = decode_order(key, data)
        state.orders[key] = order
        return order
    if table == keys.TABLE_POSITION:
        position = decode_position(key, data)
        state.positions[int.from_bytes(key[1:8], "big")] = position
        return position
    if table == keys.TABLE_PORTFOLIO:
        portfolio = decode_portfolio(key, data)
        state.portfolios[int.from_bytes(key[1:6], "big")] = portfolio
        return portfolio
    if table == keys.TABLE_MARKET:
        market = decode_market(key, data)
        number = int.from_bytes(key[1:3], "big")
        market.graded = is_graded(state.market_rules[number])
        state.markets[number] = market
        return market
    if table == keys.TABLE_LEDGER:
        ledger = decode_ledger(data)
        state.records.ledger = ledger
        return ledger
    if table in BLOB_TABLES:
        blob = Blob(key, True, data)
        state.blobs[key] = blob
        return blob
    return place_waiting(state, key, data)


def place_waiting(state: State, key: bytes, data: bytes) -> Record:
    """Put a record of what waits, or the lending pool, where the state looks for it."""
    if key[0] == keys.TABLE_POOL:
        pool = decode_pool(data)
        state.records.pool = pool
        return pool
    if key[0] == keys.TABLE_SLEEPER:
        sleeper = decode_sleeper(key, data)
        state.sleepers[key] = sleeper
        return sleeper
    if key[0] == keys.TABLE_TWAP:
        plan = decode_twap(key, data)
        state.twaps[key] = plan
        return plan
    if key[0] == keys.TABLE_STANDING:
        standing = decode_standing(key, data)
        state.records.standings[int.from_bytes(key[1:], "big")] = standing
        return standing
    invariant(key[0] == keys.TABLE_GROUP, "a leg changes only what a savepoint can undo")
    group = decode_group(key, data)
    state.groups[key] = group
    return group


def forget_record(state: State, record: Record) -> None:
    """Let the next one who asks for a record read it from the store."""
    key = record.key
    table = key[0]
    if table in BLOB_TABLES:
        if record.stored:
            del state.blobs[key]
        else:
            # Its key may have been another's before, whom the store still has.
            state.blobs[key] = None
    elif table in ORDER_TABLES:
        del state.orders[key]
    elif table == keys.TABLE_POSITION:
        del state.positions[int.from_bytes(key[1:8], "big")]
    elif table == keys.TABLE_PORTFOLIO:
        del state.portfolios[int.from_bytes(key[1:6], "big")]
    elif table == keys.TABLE_MARKET:
        del state.markets[int.from_bytes(key[1:3], "big")]
    elif table == keys.TABLE_LEDGER:
        state.records.ledger = None
    elif table == keys.TABLE_POOL:
        state.records.pool = None
    elif table == keys.TABLE_SLEEPER:
        del state.sleepers[key]
    elif table == keys.TABLE_TWAP:
        del state.twaps[key]
    elif table == keys.TABLE_STANDING:
        del state.records.standings[int.from_bytes(key[1:], "big")]
    else:
        invariant(table == keys.TABLE_GROUP, "a leg changes only what a savepoint can undo")
        del state.groups[key]


def forget_positions(state: State, key: bytes) -> None:
    """Let a portfolio look its positions up again, one of which was made anew."""
    portfolio = state.portfolios.get(int.from_bytes(key[1:6], "big"))
    if portfolio is not None:
        portfolio.positions = []
        portfolio.complete = False
