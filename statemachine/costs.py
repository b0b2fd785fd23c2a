"""What a step may cost: a table that is consensus, and bounds every verdict.

A unit is one leaf of the state read or written, plus one for each further 128
bytes of its value.  A step is charged from this table, whatever a cache
already holds; tests prove that a step never touches more leaves than its
cost.  The largest step stays below 256.

=============  ====  =======================================================
name           cost  covers
=============  ====  =======================================================
SEGMENT           4  cursor, ledger, and the head of each lane of due work: even if no step runs
STEP              5  cursor (with its frontier) and ledger
SIGNED            3  signer, one nonce bucket
PORTFOLIO         4  portfolio, its position, and the market at hand (135 bytes)
MARKET            3  one more position and market, or asset and market, read for margin
PLACE             4  book head, order, owned order, client id
REMOVE            3  order, owned order, client id
VISIT             8  a maker's order, owned order, client id, portfolio, position, rank before
                     and after; next head
ORACLE            6  oracle record (161 bytes), market, both heads
DUE               3  due item, its successor, the lane's next head
MONEY             5  account, second portfolio, signer, withdrawal, velocity; a supply
IMPACT            1  one resting order, read for the impact price
SEEK              3  one market and the head of one of its ranges
GROUP             4  a bracket, its due item and the item's range
RANK              2  a position's rank before and after
BACKSTOP          9  a vault, its portfolio, position and ranks, a share, a due item; or its
                     portfolio, position and market, and what it holds of four assets
VICTIM            5  a deleveraged portfolio, its position and ranks; next head
FUND              6  a fund and its portfolio, a stake and the leader's, their two portfolios
PEGS              2  a side's best pegged order, and the fixed price across that it keeps from
ASSET             3  an asset's holdings on both sides, and its sums; its market with MARKET
LOAN              1  the lending pool, once in each step that looks at it
STANDING          1  what an owner traded lately (119 bytes), once a day and portfolio
SHARE             1  an approved builder, or the portfolio of somebody who has a share of a fee
GROUPED           1  on top of VISIT: a bracket and its due item, written as its entry ends
=============  ====  =======================================================
"""

from typing import Final

COST_SEGMENT: Final = 4
COST_STEP: Final = 5
COST_SIGNED: Final = 3
COST_PORTFOLIO: Final = 4
COST_MARKET: Final = 3
COST_PLACE: Final = 4
COST_REMOVE: Final = 3
COST_VISIT: Final = 8
COST_ORACLE: Final = 6
COST_DUE: Final = 3
COST_MONEY: Final = 5
COST_IMPACT: Final = 1
COST_SEEK: Final = 3
COST_GROUP: Final = 4
COST_RANK: Final = 2
COST_BACKSTOP: Final = 9
COST_VICTIM: Final = 5
COST_FUND: Final = 6
COST_PEGS: Final = 2
COST_ASSET: Final = 3
COST_LOAN: Final = 1
COST_STANDING: Final = 1
COST_SHARE: Final = 1
COST_GROUPED: Final = 1

COST_TABLE: Final = (
    COST_SEGMENT,
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
    COST_RANK,
    COST_BACKSTOP,
    COST_VICTIM,
    COST_FUND,
    COST_PEGS,
    COST_ASSET,
    COST_LOAN,
    COST_STANDING,
    COST_SHARE,
    COST_GROUPED,
)
COST_MAX: Final = 256
