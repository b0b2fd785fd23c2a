"""Where each record lives: the key space of the state.

A key is one table byte and fixed-width big-endian ids, so no key is a prefix
of another, neighbours in use are neighbours in the tree, and priority is key
order: the best order of a book side is the first key of its range.

======  ============  ==============================================  ======
table   name          ids                                             range
======  ============  ==============================================  ======
0x01    CURSOR        none
0x02    LEDGER        none
0x03    SIGNER        address 20
0x04    ACCOUNT       account 4
0x05    NONCES        address 20, bucket 1
0x06    VELOCITY      none
0x07    POOL          none
0x08    SUPPLY        account 4
0x09    STANDING      account 4
0x0A    BUILDER       account 4, builder 4                            5
0x10    MARKET        market 2
0x11    ORACLE        market 2
0x12    RAMP          market 2
0x13    ASSET         asset 1
0x20    PORTFOLIO     account 4, sub 1
0x21    POSITION      account 4, sub 1, market 2
0x22    HOLDING       account 4, sub 1, asset 1
0x30    ORDER         market 2, side 1, priority 8, sequence 8        4
0x31    OWNED         account 4, sub 1, market 2, sequence 8          6
0x32    CLIENT_ID     account 4, sub 1, hash 8
0x33    SLEEPER       market 2, trigger 1, priority 8, sequence 8     3
0x34    GROUP         sequence 8
0x35    TWAP          sequence 8
0x36    RANK          market 2, side 1, entry 8, account 4, sub 1     4
0x37    PEGGED        market 2, side 1, priority 8, sequence 8        4
0x40    DUE           lane 1, time 8, sequence 8                      2
0x50    WITHDRAWAL    index 8
0x60    VAULT         market 2
0x61    SHARE         market 2, account 4
0x62    FUND          account 4, sub 1                                1
0x63    STAKE         account 4, sub 1, depositor 4                   6
======  ============  ==============================================  ======

``range`` is the length of the prefix within which ``seek`` may look.
``priority`` is the price for asks, and for triggers that rise to theirs; 2**64
- 1 - price for bids, and for triggers that fall: what fires first sorts first.  A
pegged order's is its offset from the index, moved up by 2**63, turned round for
bids likewise: the one that is priced best wherever the index is sorts first.
``entry`` is the price at which a ranked position was entered, turned round for
shorts: the one that gained most sorts first.
"""

from struct import Struct
from typing import Final

TABLE_CURSOR: Final = 0x01
TABLE_LEDGER: Final = 0x02
TABLE_SIGNER: Final = 0x03
TABLE_ACCOUNT: Final = 0x04
TABLE_NONCES: Final = 0x05
TABLE_VELOCITY: Final = 0x06
TABLE_POOL: Final = 0x07
TABLE_SUPPLY: Final = 0x08
TABLE_STANDING: Final = 0x09
TABLE_BUILDER: Final = 0x0A
TABLE_MARKET: Final = 0x10
TABLE_ORACLE: Final = 0x11
TABLE_RAMP: Final = 0x12
TABLE_ASSET: Final = 0x13
TABLE_PORTFOLIO: Final = 0x20
TABLE_POSITION: Final = 0x21
TABLE_HOLDING: Final = 0x22
TABLE_ORDER: Final = 0x30
TABLE_OWNED: Final = 0x31
TABLE_CLIENT_ID: Final = 0x32
TABLE_SLEEPER: Final = 0x33
TABLE_GROUP: Final = 0x34
TABLE_TWAP: Final = 0x35
TABLE_RANK: Final = 0x36
TABLE_PEGGED: Final = 0x37
TABLE_DUE: Final = 0x40
TABLE_WITHDRAWAL: Final = 0x50
TABLE_VAULT: Final = 0x60
TABLE_SHARE: Final = 0x61
TABLE_FUND: Final = 0x62
TABLE_STAKE: Final = 0x63

RANGE_LENGTH: Final[dict[int, int]] = {
    TABLE_BUILDER: 5,
    TABLE_ORDER: 4,
    TABLE_OWNED: 6,
    TABLE_SLEEPER: 3,
    TABLE_RANK: 4,
    TABLE_PEGGED: 4,
    TABLE_DUE: 2,
    TABLE_FUND: 1,
    TABLE_STAKE: 6,
}
"""Table byte -> length of the prefix that a seek of this table uses."""

CURSOR_KEY: Final = bytes([TABLE_CURSOR])
LEDGER_KEY: Final = bytes([TABLE_LEDGER])
VELOCITY_KEY: Final = bytes([TABLE_VELOCITY])
POOL_KEY: Final = bytes([TABLE_POOL])
PRIORITY_TOP: Final = (1 << 64) - 1
OFFSET_BIAS: Final = 1 << 63
"""Added to an offset, which may be negative, where it is stored."""
BUY: Final = 0
SELL: Final = 1
LANE_SYSTEM: Final = 0
LANE_USER: Final = 1

PORTFOLIO: Final = Struct(">BIB")
POSITION: Final = Struct(">BIBH")
HOLDING: Final = Struct(">BIBB")
ORDER: Final = Struct(">BHBQQ")
OWNED: Final = Struct(">BIBHQ")
CLIENT_ID: Final = Struct(">BIB8s")
DUE: Final = Struct(">BBQQ")
RANK: Final = Struct(">BHBQIB")
SHARE: Final = Struct(">BHI")
STAKE: Final = Struct(">BIBI")


def signer_key(address: bytes) -> bytes:
    """Return the key of what an address may sign for."""
    return b"\x03" + address


def account_key(account: int) -> bytes:
    """Return the key of an account's owner."""
    return b"\x04" + account.to_bytes(4, "big")


def nonces_key(address: bytes, bucket: int) -> bytes:
    """Return the key of one bucket of a signer's used nonces."""
    return b"\x05" + address + bytes([bucket])


def supply_key(account: int) -> bytes:
    """Return the key of an account's shares of the lending pool."""
    return b"\x08" + account.to_bytes(4, "big")


def standing_key(account: int) -> bytes:
    """Return the key of what an owner traded lately."""
    return b"\x09" + account.to_bytes(4, "big")


def builder_key(account: int, builder: int) -> bytes:
    """Return the key of what an account lets a builder ask for."""
    return b"\x0a" + account.to_bytes(4, "big") + builder.to_bytes(4, "big")


def builder_range(account: int) -> bytes:
    """Return the prefix of an account's approved builders."""
    return b"\x0a" + account.to_bytes(4, "big")


def market_key(market: int) -> bytes:
    """Return the key of a market."""
    return b"\x10" + market.to_bytes(2, "big")


def oracle_key(market: int) -> bytes:
    """Return the key of a market's oracle messages."""
    return b"\x11" + market.to_bytes(2, "big")


def asset_key(asset: int) -> bytes:
    """Return the key of what was paid in and out of an asset."""
    return bytes([TABLE_ASSET, asset])


def ramp_key(market: int) -> bytes:
    """Return the key of a market's margin rates on their way."""
    return b"\x12" + market.to_bytes(2, "big")


def portfolio_key(portfolio: int) -> bytes:
    """Return the key of a portfolio (``account << 8 | sub``)."""
    return PORTFOLIO.pack(TABLE_PORTFOLIO, portfolio >> 8, portfolio & 255)


def position_key(portfolio: int, market: int) -> bytes:
    """Return the key of a portfolio's position in a market."""
    return POSITION.pack(TABLE_POSITION, portfolio >> 8, portfolio & 255, market)


def holding_key(portfolio: int, asset: int) -> bytes:
    """Return the key of what a portfolio holds of an asset."""
    return HOLDING.pack(TABLE_HOLDING, portfolio >> 8, portfolio & 255, asset)


def order_key(market: int, side: int, price: int, sequence: int) -> bytes:
    """Return the key of a resting order; the best one of a side sorts first."""
    priority = price if side == SELL else PRIORITY_TOP - price
    return ORDER.pack(TABLE_ORDER, market, side, priority, sequence)


def order_range(market: int, side: int) -> bytes:
    """Return the prefix of one side of one book."""
    return bytes([TABLE_ORDER, market >> 8, market & 255, side])


def order_place(key: bytes) -> tuple[int, int, int, int]:
    """Return (market, side, price, sequence) of an order's key."""
    _, market, side, priority, sequence = ORDER.unpack(key)
    return market, side, priority if side == SELL else PRIORITY_TOP - priority, sequence


def pegged_key(market: int, side: int, offset: int, sequence: int) -> bytes:
    """Return the key of a resting order that is priced ``offset`` from the index."""
    biased = offset + OFFSET_BIAS
    priority = biased if side == SELL else PRIORITY_TOP - biased
    return ORDER.pack(TABLE_PEGGED, market, side, priority, sequence)


def pegged_range(market: int, side: int) -> bytes:
    """Return the prefix of the pegged orders of one side of one book."""
    return bytes([TABLE_PEGGED, market >> 8, market & 255, side])


def pegged_place(key: bytes) -> tuple[int, int, int, int]:
    """Return (market, side, offset, sequence) of a pegged order's key."""
    _, market, side, priority, sequence = ORDER.unpack(key)
    biased = priority if side == SELL else PRIORITY_TOP - priority
    return market, side, biased - OFFSET_BIAS, sequence


def sleeper_key(market: int, trigger: int, price: int, sequence: int) -> bytes:
    """Return the key of a sleeping order; of one trigger, what fires first sorts first."""
    priority = PRIORITY_TOP - price if trigger & 1 else price
    return ORDER.pack(TABLE_SLEEPER, market, trigger, priority, sequence)


def sleeper_range(market: int) -> bytes:
    """Return the prefix of all sleeping orders of a market."""
    return bytes([TABLE_SLEEPER, market >> 8, market & 255])


def sleeper_place(key: bytes) -> tuple[int, int, int, int]:
    """Return (market, trigger, trigger price, sequence) of a sleeping order's key."""
    _, market, trigger, priority, sequence = ORDER.unpack(key)
    return market, trigger, PRIORITY_TOP - priority if trigger & 1 else priority, sequence


def group_key(sequence: int) -> bytes:
    """Return the key of a bracket, by the number of its first order."""
    return b"\x34" + sequence.to_bytes(8, "big")


def twap_key(sequence: int) -> bytes:
    """Return the key of a TWAP, by its order id."""
    return b"\x35" + sequence.to_bytes(8, "big")


def rank_key(market: int, rank: int, portfolio: int) -> bytes:
    """Return the key of a ranked position; ``rank`` is its entry price, negative for a short."""
    side = BUY if rank > 0 else SELL
    entry = rank if rank > 0 else PRIORITY_TOP + rank
    return RANK.pack(TABLE_RANK, market, side, entry, portfolio >> 8, portfolio & 255)


def rank_range(market: int, side: int) -> bytes:
    """Return the prefix of a market's ranked longs (``BUY``) or shorts (``SELL``)."""
    return bytes([TABLE_RANK, market >> 8, market & 255, side])


def rank_key_at(market: int, side: int, entry: int, portfolio: int) -> bytes:
    """Return the key of a rank by what is in it; ``entry`` as :func:`rank_entry` gives it."""
    return RANK.pack(TABLE_RANK, market, side, entry, portfolio >> 8, portfolio & 255)


def rank_entry(key: bytes) -> int:
    """Return the sorted part of a ranked position's key."""
    return int.from_bytes(key[4:12], "big")


def rank_portfolio(key: bytes) -> int:
    """Return the portfolio of a ranked position's key."""
    return int.from_bytes(key[12:17], "big")


def owned_key(portfolio: int, market: int, sequence: int) -> bytes:
    """Return the key by which a portfolio finds its own order."""
    return OWNED.pack(TABLE_OWNED, portfolio >> 8, portfolio & 255, market, sequence)


def owned_range(portfolio: int) -> bytes:
    """Return the prefix of all orders of a portfolio, by market, then age."""
    return bytes([TABLE_OWNED]) + (portfolio >> 8).to_bytes(4, "big") + bytes([portfolio & 255])


def owned_place(key: bytes) -> tuple[int, int]:
    """Return (market, sequence) of an owned-order key."""
    place = OWNED.unpack(key)
    return place[3], place[4]


def client_id_key(portfolio: int, digest: bytes) -> bytes:
    """Return the key of a client id, by the first 8 bytes of its hash."""
    return CLIENT_ID.pack(TABLE_CLIENT_ID, portfolio >> 8, portfolio & 255, digest)


def due_key(lane: int, time: int, sequence: int) -> bytes:
    """Return the key of one item of due work; the earliest sorts first."""
    return DUE.pack(TABLE_DUE, lane, time, sequence)


def due_number(key: bytes) -> int:
    """Return the number that an item of due work was given, by its key."""
    return int.from_bytes(key[10:18], "big")


def due_range(lane: int) -> bytes:
    """Return the prefix of a lane of due work."""
    return bytes([TABLE_DUE, lane])


def withdrawal_key(index: int) -> bytes:
    """Return the key of a withdrawal that L1 may pay."""
    return b"\x50" + index.to_bytes(8, "big")


def vault_key(market: int) -> bytes:
    """Return the key of a market's backstop vault."""
    return b"\x60" + market.to_bytes(2, "big")


def share_key(market: int, account: int) -> bytes:
    """Return the key of what an account has in a market's vault."""
    return SHARE.pack(TABLE_SHARE, market, account)


def fund_key(portfolio: int) -> bytes:
    """Return the key of the fund that a portfolio is."""
    return PORTFOLIO.pack(TABLE_FUND, portfolio >> 8, portfolio & 255)


def stake_key(portfolio: int, account: int) -> bytes:
    """Return the key of what an account has in a fund."""
    return STAKE.pack(TABLE_STAKE, portfolio >> 8, portfolio & 255, account)
