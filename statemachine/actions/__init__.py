"""What people sign: actions, transactions, and their canonical bytes.

A transaction is ``pack([1, kind, nonce, expires_at, [body...], signature])``;
its hash is the SHA-256 of those bytes.

====  ==============  =====================================================
kind  action          body
====  ==============  =====================================================
1     PlaceOrder      sub, market, flags, price, size, client id[, terms]
2     Cancel          sub, market, ref
3     CancelAll       sub, market (65535: every one), side (2: both)
4     Modify          sub, market, flags, ref, price, size
5     Bulk            sub, [[market, [leg...]]...][, 1 (atomic)]
6     Bracket         sub, [entry], [exit, exit]
7     Twap            sub, market, flags, price, size, slices, interval
8     CancelAt        sub, time
9     ClosePosition   sub, market, price
10    Scale           sub, market, flags, first, last, size, orders
16    Withdraw        sub, amount
17    Transfer        source sub, target sub, amount
18    ApproveAgent    agent, expiry, kinds, markets (masks), two budgets
19    RevokeAgent     agent
20    SetLeverage     sub, market, leverage (0: none chosen)
21    Send            to (an owner's address), source sub, target sub, amount
28    CreateFund      sub, profit share in ppm, lock in ms
29    FundDeposit     leader's account, fund's sub, own sub, amount
30    FundWithdraw    leader's account, fund's sub, own sub, shares (0: all)
22    SetReferrer     sub, referrer (an account)
23    ApproveBuilder  builder (an account), max fee in ppm (0: none)
26    PoolSupply      sub, amount
27    PoolRedeem      sub, shares (0: all)
31    WithdrawAsset   sub, asset, amount (units)
32    OracleUpdate    market, [[publisher, price, time, signature]...]
33    Poke            account, sub
34    SetMarketState  market, state
35    SetMargin       market, initial, maintenance (ppm)
36    TransferAsset   source sub, target sub, asset, amount (units)
37    BuyCollateral   sub, asset, amount (units), price (at most, micros per lot)
====  ==============  =====================================================

``flags`` = side (0 buy, 1 sell) + 2 IOC + 4 post-only + 8 reduce-only +
16 FOK + 32 slide + 64 total (modify) + 128 pegged.  ``terms`` = expiry,
self-trade mode, max fee, trigger, trigger price, offset (pegged)[, builder,
builder's ppm]; absent if none is asked for.
``client id`` is empty or 16 bytes.  ``ref`` is an order id, or a client id.
"""

from statemachine.actions.collateral import BuyCollateral, TransferAsset, WithdrawAsset
from statemachine.actions.compound import (
    COMPOUND,
    EXITS_MAX,
    INTERVAL_LIMIT,
    SCALE_ORDERS_MAX,
    SLICES_MAX,
    body_of_compound,
    decode_bracket,
    decode_compound,
    decode_scale,
    decode_twap,
)
from statemachine.actions.custody import RevokeAgent, Transfer, Withdraw
from statemachine.actions.fields import (
    FLAGS_LIMIT,
    MARKETS_LIMIT,
    OFFSET_LIMIT,
    SELF_TRADE_LIMIT,
    TRIGGERS_LIMIT,
    U64,
    client_id_of,
    flags_of,
    pack_order,
    pack_terms,
    price_of,
    ref_of,
    size_of,
    terms_of,
    unpack_order,
)
from statemachine.actions.funds import CreateFund, FundDeposit, FundWithdraw, Send
from statemachine.actions.kinds import (
    FEE_ANY,
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    FLAG_TOTAL,
    KIND_OF,
    MARKET_EVERY,
    NO_EXPIRY,
    NO_TERMS,
    NO_TRIGGER,
    SELF_TRADE_BOTH,
    SELF_TRADE_DECREMENT,
    SELF_TRADE_MAKER,
    SELF_TRADE_MODE,
    SELF_TRADE_OWN_SUB,
    SELF_TRADE_TAKER,
    SIDE_BOTH,
    TRIGGER_FALL,
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_MARK,
    TRIGGER_RISE,
    Action,
    ApproveAgent,
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    Kind,
    Leg,
    Modify,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Poke,
    Scale,
    Terms,
    Twap,
)
from statemachine.actions.legs import (
    ATOMIC_LEGS_MAX,
    BULK_LEGS_MAX,
    decode_bulk,
    pack_legs,
    unpack_group,
    unpack_legs,
)
from statemachine.actions.referrals import ApproveBuilder, SetReferrer
from statemachine.actions.settings import SetLeverage, SetMargin, SetMarketState
from statemachine.actions.stakes import PoolRedeem, PoolSupply, VaultDeposit, VaultWithdraw
from statemachine.actions.wire import (
    ORACLE_MESSAGES_MAX,
    SIGNATURE_SIZE,
    TRANSACTION_BYTES_MAX,
    TRANSACTION_VERSION,
    Transaction,
    body_of,
    decode_action,
    decode_oracle_update,
    decode_rare_action,
    decode_transaction,
    encode_transaction,
)

__all__ = [
    "ATOMIC_LEGS_MAX",
    "BULK_LEGS_MAX",
    "COMPOUND",
    "EXITS_MAX",
    "FEE_ANY",
    "FLAGS_LIMIT",
    "FLAG_FOK",
    "FLAG_IOC",
    "FLAG_PEG",
    "FLAG_POST_ONLY",
    "FLAG_REDUCE_ONLY",
    "FLAG_SELL",
    "FLAG_SLIDE",
    "FLAG_TOTAL",
    "INTERVAL_LIMIT",
    "KIND_OF",
    "MARKETS_LIMIT",
    "MARKET_EVERY",
    "NO_EXPIRY",
    "NO_TERMS",
    "NO_TRIGGER",
    "OFFSET_LIMIT",
    "ORACLE_MESSAGES_MAX",
    "SCALE_ORDERS_MAX",
    "SELF_TRADE_BOTH",
    "SELF_TRADE_DECREMENT",
    "SELF_TRADE_LIMIT",
    "SELF_TRADE_MAKER",
    "SELF_TRADE_MODE",
    "SELF_TRADE_OWN_SUB",
    "SELF_TRADE_TAKER",
    "SIDE_BOTH",
    "SIGNATURE_SIZE",
    "SLICES_MAX",
    "TRANSACTION_BYTES_MAX",
    "TRANSACTION_VERSION",
    "TRIGGERS_LIMIT",
    "TRIGGER_FALL",
    "TRIGGER_INDEX",
    "TRIGGER_LAST",
    "TRIGGER_MARK",
    "TRIGGER_RISE",
    "U64",
    "Action",
    "ApproveAgent",
    "ApproveBuilder",
    "Bracket",
    "Bulk",
    "BuyCollateral",
    "Cancel",
    "CancelAll",
    "CancelAt",
    "ClosePosition",
    "CreateFund",
    "FundDeposit",
    "FundWithdraw",
    "Kind",
    "Leg",
    "Modify",
    "OracleMessage",
    "OracleUpdate",
    "PlaceOrder",
    "Poke",
    "PoolRedeem",
    "PoolSupply",
    "RevokeAgent",
    "Scale",
    "Send",
    "SetLeverage",
    "SetMargin",
    "SetMarketState",
    "SetReferrer",
    "Terms",
    "Transaction",
    "Transfer",
    "TransferAsset",
    "Twap",
    "VaultDeposit",
    "VaultWithdraw",
    "Withdraw",
    "WithdrawAsset",
    "body_of",
    "body_of_compound",
    "client_id_of",
    "decode_action",
    "decode_bracket",
    "decode_bulk",
    "decode_compound",
    "decode_oracle_update",
    "decode_rare_action",
    "decode_scale",
    "decode_transaction",
    "decode_twap",
    "encode_transaction",
    "flags_of",
    "pack_legs",
    "pack_order",
    "pack_terms",
    "price_of",
    "ref_of",
    "size_of",
    "terms_of",
    "unpack_group",
    "unpack_legs",
    "unpack_order",
]
