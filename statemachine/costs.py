"""What a step may cost: a table that is consensus, and bounds every verdict.

A unit is one leaf of the state read or written, plus one for each further 128
bytes of its value.  A step is charged from this table, whatever a cache
already holds; tests prove that a step never touches more leaves than its
cost.  The largest step stays below 256.

=============  ====  =======================================================
name           cost  covers
=============  ====  =======================================================
STEP              5  cursor (with its frontier) and ledger
SIGNED            3  signer, one nonce bucket
PORTFOLIO         3  portfolio, its position and market at hand
MARKET            2  one more position and market, read for margin
PLACE             4  book head, order, owned order, client id
REMOVE            3  order, owned order, client id
VISIT             6  a maker's order, owned order, client id, portfolio, position; next head
ORACLE            5  oracle record (129 bytes), market, both heads
DUE               3  due item, its successor, the lane's next head
MONEY             4  account, second portfolio, signer, withdrawal
IMPACT            1  one resting order, read for the impact price
SEEK              2  one market and the head of one of its ranges
GROUP             4  a bracket, its due item and the item's range
=============  ====  =======================================================
"""

from typing import Final

COST_STEP: Final = 5
COST_SIGNED: Final = 3
COST_PORTFOLIO: Final = 3
COST_MARKET: Final = 2
COST_PLACE: Final = 4
COST_REMOVE: Final = 3
COST_VISIT: Final = 6
COST_ORACLE: Final = 5
COST_DUE: Final = 3
COST_MONEY: Final = 4
COST_IMPACT: Final = 1
COST_SEEK: Final = 2
COST_GROUP: Final = 4

COST_TABLE: Final = (
    COST_STEP,
    COST_SIGNED,
    COST_PORTFOLIO,
    COST_MARKET,
    COST_PLACE,
    COST_REMOVE,
    COST_VISIT,
    COST_ORACLE,
    COST_DUE,
    COST_MONEY,
    COST_IMPACT,
    COST_SEEK,
    COST_GROUP,
)
COST_MAX: Final = 256
