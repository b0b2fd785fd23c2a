"""What people sign: actions, transactions, and their canonical bytes.

A transaction is ``pack([1, kind, nonce, expires_at, [body...], signature])``;
its hash is the SHA-256 of those bytes.

====  ==============  =====================================================
kind  action          body
====  ==============  =====================================================
1     PlaceOrder      sub, market, flags, price, size, client id
2     Cancel          sub, market, ref
3     CancelAll       sub, market (65535: every market)
4     Modify          sub, market, flags, ref, price, size
5     Bulk            sub, [[market, [leg...]]...]
16    Withdraw        sub, amount
17    Transfer        source sub, target sub, amount
18    ApproveAgent    agent, expiry, kinds mask, markets mask (0: all)
19    RevokeAgent     agent
32    OracleUpdate    market, [[publisher, price, time, signature]...]
33    Poke            account, sub
====  ==============  =====================================================

``flags`` = side (0 buy, 1 sell) + 2 IOC + 4 post-only + 8 reduce-only.
``client id`` is empty or 16 bytes.  ``ref`` is an order id, or a client id.
"""

from statemachine.actions.fields import (
    FLAGS_LIMIT,
    MARKETS_LIMIT,
    U64,
    client_id_of,
    flags_of,
    price_of,
    ref_of,
    size_of,
)
from statemachine.actions.kinds import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    KIND_OF,
    MARKET_EVERY,
    Action,
    ApproveAgent,
    Bulk,
    Cancel,
    CancelAll,
    Kind,
    Leg,
    Modify,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Poke,
    RevokeAgent,
    Transfer,
    Withdraw,
)
from statemachine.actions.legs import (
    BULK_LEGS_MAX,
    pack_legs,
    unpack_group,
    unpack_legs,
)
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
    "BULK_LEGS_MAX",
    "FLAGS_LIMIT",
    "FLAG_IOC",
    "FLAG_POST_ONLY",
    "FLAG_REDUCE_ONLY",
    "FLAG_SELL",
    "KIND_OF",
    "MARKETS_LIMIT",
    "MARKET_EVERY",
    "ORACLE_MESSAGES_MAX",
    "SIGNATURE_SIZE",
    "TRANSACTION_BYTES_MAX",
    "TRANSACTION_VERSION",
    "U64",
    "Action",
    "ApproveAgent",
    "Bulk",
    "Cancel",
    "CancelAll",
    "Kind",
    "Leg",
    "Modify",
    "OracleMessage",
    "OracleUpdate",
    "PlaceOrder",
    "Poke",
    "RevokeAgent",
    "Transaction",
    "Transfer",
    "Withdraw",
    "body_of",
    "client_id_of",
    "decode_action",
    "decode_oracle_update",
    "decode_rare_action",
    "decode_transaction",
    "encode_transaction",
    "flags_of",
    "pack_legs",
    "price_of",
    "ref_of",
    "size_of",
    "unpack_group",
    "unpack_legs",
]
