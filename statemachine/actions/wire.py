"""Transactions and their canonical bytes.

``pack([1, kind, nonce, expires_at, [body...], signature])``; a transaction's
hash is the SHA-256 of those bytes.  See the package for the bodies.
"""

from typing import Final, final

from statemachine.actions.assets import ASSET_KINDS, body_of_asset, decode_asset_action
from statemachine.actions.collateral import BuyCollateral, TransferAsset, WithdrawAsset
from statemachine.actions.compound import COMPOUND, body_of_compound, decode_compound
from statemachine.actions.custody import RevokeAgent, Transfer, Withdraw, body_of_custody
from statemachine.actions.fields import (
    MARKETS_LIMIT,
    U64,
    flags_of,
    pack_order,
    price_of,
    ref_of,
    size_of,
    unpack_order,
)
from statemachine.actions.funds import (
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Send,
    body_of_shared,
    decode_create_fund,
    decode_fund_deposit,
    decode_fund_withdraw,
    decode_send,
)
from statemachine.actions.kinds import (
    KIND_OF,
    Action,
    ApproveAgent,
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    Kind,
    Modify,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Poke,
    Scale,
    Twap,
)
from statemachine.actions.legs import decode_bulk, pack_legs
from statemachine.actions.referrals import (
    REFERRAL_KINDS,
    ApproveBuilder,
    SetReferrer,
    body_of_referral,
    decode_referral,
)
from statemachine.actions.settings import SetLeverage, SetMargin, SetMarketState
from statemachine.actions.stakes import (
    PoolRedeem,
    PoolSupply,
    VaultDeposit,
    VaultWithdraw,
    body_of_pool,
    decode_redeem_action,
    decode_supply_action,
)
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.digest import hash_joined
from statemachine.errors import FrameInvalid
from statemachine.units import TIME_LIMIT, Micros, Millis

TRANSACTION_VERSION: Final = 1
TRANSACTION_BYTES_MAX: Final = 8192
ORACLE_MESSAGES_MAX: Final = 8
SIGNATURE_SIZE: Final = 65
LEVERAGE_LIMIT: Final = 1 << 16
RATE_LIMIT: Final = 1 << 32


@final
class Transaction:
    """An action with its nonce, expiry and signature; ``data`` is what L1 sees."""

    __slots__ = ("action", "data", "expires_at", "hash", "kind", "nonce", "signature")

    def __init__(
        self, action: Action, nonce: int, expires_at: int, signature: bytes, data: bytes
    ) -> None:
        """Take the parts and the bytes they were decoded from."""
        self.action = action
        self.kind = int(KIND_OF[type(action)])
        self.nonce = nonce
        self.expires_at = expires_at
        self.signature = signature
        self.data = data
        self.hash = hash_joined(data)


def body_of(action: Action) -> list[object]:
    """Return the body of ``action`` as it is packed, signed and hashed."""
    match action:
        case PlaceOrder():
            return pack_order(action)
        case Cancel():
            return [action.sub, action.market, action.ref]
        case CancelAll():
            return [action.sub, action.market, action.side]
        case Modify():
            head = [action.sub, action.market, action.flags]
            return [*head, action.ref, action.price, action.size]
        case Bulk():
            body: list[object] = [action.sub, pack_legs(action.legs)]
            return [*body, 1] if action.atomic else body
        case Bracket() | Twap() | CancelAt() | ClosePosition() | Scale():
            return body_of_compound(action)
        case Withdraw() | Transfer() | RevokeAgent():
            return body_of_custody(action)
        case PoolSupply() | PoolRedeem():
            return body_of_pool(action)
        case WithdrawAsset() | TransferAsset() | BuyCollateral():
            return body_of_asset(action)
        case CreateFund() | FundDeposit() | FundWithdraw() | Send():
            return body_of_shared(action)
        case ApproveAgent():
            terms = [action.agent, action.expires_at, action.kinds, action.markets]
            return [*terms, action.notional_max, action.loss_max]
        case VaultDeposit() | VaultWithdraw() | SetLeverage() | SetMarketState() | SetMargin():
            return body_of_setting(action)
        case SetReferrer() | ApproveBuilder():
            return body_of_referral(action)
        case OracleUpdate():
            messages = [[m.publisher, m.price, m.time, m.signature] for m in action.messages]
            return [action.market, messages]
        case Poke():
            return [action.account, action.sub]


def body_of_setting(
    action: VaultDeposit | VaultWithdraw | SetLeverage | SetMarketState | SetMargin,
) -> list[object]:
    """Return the body of an action about one market and a number or two."""
    match action:
        case VaultDeposit():
            return [action.sub, action.market, action.amount]
        case VaultWithdraw():
            return [action.sub, action.market, action.shares]
        case SetLeverage():
            return [action.sub, action.market, action.leverage]
        case SetMarketState():
            return [action.market, action.state]
        case SetMargin():
            return [action.market, action.initial_ppm, action.maintenance_ppm]


def encode_transaction(action: Action, nonce: int, expires_at: int, signature: bytes) -> bytes:
    """Return the canonical bytes of a signed transaction."""
    kind = int(KIND_OF[type(action)])
    body = body_of(action)
    return pack([TRANSACTION_VERSION, kind, nonce, expires_at, body, signature])


def decode_transaction(data: bytes) -> Transaction:
    """Return the transaction that ``data`` encodes, or raise ``FrameInvalid``."""
    if len(data) > TRANSACTION_BYTES_MAX:
        raise FrameInvalid(f"transaction: {len(data)} bytes, at most {TRANSACTION_BYTES_MAX}")
    version, kind, nonce, expires_at, body, signature = as_list(unpack(data), 6, "transaction")
    if type(version) is not int or version != TRANSACTION_VERSION:
        raise FrameInvalid(f"transaction version: {version!r} is not known")
    nonce = as_uint(nonce, U64, "nonce")
    expires_at = as_uint(expires_at, TIME_LIMIT, "expiry")
    action = decode_action(as_uint(kind, 256, "kind"), body)
    size = 0 if kind == Kind.ORACLE else SIGNATURE_SIZE
    if size == 0 and (nonce or expires_at):
        raise FrameInvalid("oracle update: carries no nonce or expiry of its own")
    return Transaction(action, nonce, expires_at, as_bytes(signature, size, "signature"), data)


def decode_action(kind: int, body: object) -> Action:
    """Return the action of one kind and body, or raise ``FrameInvalid``."""
    if kind == Kind.ORDER:
        return unpack_order(body)
    if kind == Kind.CANCEL:
        sub, market, ref = as_list(body, 3, "cancel")
        return Cancel(
            as_uint(sub, 256, "sub"), as_uint(market, MARKETS_LIMIT, "market"), ref_of(ref, 0)
        )
    if kind == Kind.BULK:
        return decode_bulk(body)
    if kind == Kind.MODIFY:
        sub, market, flags, ref, price, size = as_list(body, 6, "modify")
        return Modify(
            as_uint(sub, 256, "sub"),
            as_uint(market, MARKETS_LIMIT, "market"),
            flags_of(flags),
            ref_of(ref, 0),
            price_of(price),
            size_of(size),
        )
    if kind in COMPOUND:
        return decode_compound(kind, body)
    if kind in REFERRAL_KINDS:
        return decode_referral(kind, body)
    return decode_rare_action(kind, body)


def decode_rare_action(kind: int, body: object) -> Action:
    """Return an action that is not on the hot path, or raise ``FrameInvalid``."""
    if kind == Kind.CANCEL_ALL:
        sub, market, side = as_list(body, 3, "cancel all")
        return CancelAll(
            as_uint(sub, 256, "sub"), as_uint(market, 65536, "market"), as_uint(side, 3, "side")
        )
    if kind == Kind.WITHDRAW:
        sub, amount = as_list(body, 2, "withdraw")
        return Withdraw(as_uint(sub, 256, "sub"), Micros(as_uint(amount, U64, "amount")))
    if kind == Kind.TRANSFER:
        source, target, amount = as_list(body, 3, "transfer")
        return Transfer(
            as_uint(source, 256, "source"),
            as_uint(target, 256, "target"),
            Micros(as_uint(amount, U64, "amount")),
        )
    if kind == Kind.APPROVE_AGENT:
        agent, expires_at, kinds, markets, notional, loss = as_list(body, 6, "approve agent")
        return ApproveAgent(
            as_bytes(agent, 20, "agent"),
            Millis(as_uint(expires_at, TIME_LIMIT, "expiry")),
            as_uint(kinds, 1 << 32, "kinds"),
            as_uint(markets, U64, "markets"),
            Micros(as_uint(notional, U64, "notional per day")),
            Micros(as_uint(loss, U64, "loss per day")),
        )
    if kind == Kind.REVOKE_AGENT:
        return RevokeAgent(as_bytes(as_list(body, 1, "revoke agent")[0], 20, "agent"))
    if kind in (Kind.VAULT_DEPOSIT, Kind.VAULT_WITHDRAW):
        sub, market, number = as_list(body, 3, "vault")
        place = as_uint(sub, 256, "sub"), as_uint(market, MARKETS_LIMIT, "market")
        if kind == Kind.VAULT_DEPOSIT:
            return VaultDeposit(*place, Micros(as_uint(number, U64, "amount")))
        return VaultWithdraw(*place, as_uint(number, U64, "shares"))
    if kind in (Kind.POOL_SUPPLY, Kind.POOL_REDEEM):
        supplies = kind == Kind.POOL_SUPPLY
        return decode_supply_action(body) if supplies else decode_redeem_action(body)
    if kind == Kind.POKE:
        account, sub = as_list(body, 2, "poke")
        return Poke(as_uint(account, 1 << 32, "account"), as_uint(sub, 256, "sub"))
    if kind == Kind.SET_LEVERAGE:
        sub, market, leverage = as_list(body, 3, "set leverage")
        return SetLeverage(
            as_uint(sub, 256, "sub"),
            as_uint(market, MARKETS_LIMIT, "market"),
            as_uint(leverage, LEVERAGE_LIMIT, "leverage"),
        )
    if kind == Kind.SET_MARKET_STATE:
        market, state = as_list(body, 2, "set market state")
        return SetMarketState(
            as_uint(market, MARKETS_LIMIT, "market"), as_uint(state, 256, "state")
        )
    if kind == Kind.SET_MARGIN:
        market, initial, maintenance = as_list(body, 3, "set margin")
        return SetMargin(
            as_uint(market, MARKETS_LIMIT, "market"),
            as_uint(initial, RATE_LIMIT, "initial margin"),
            as_uint(maintenance, RATE_LIMIT, "maintenance margin"),
        )
    if kind == Kind.ORACLE:
        return decode_oracle_update(body)
    if kind in ASSET_KINDS:
        return decode_asset_action(kind, body)
    return decode_shared(kind, body)


def decode_shared(kind: int, body: object) -> Action:
    """Return an action that moves money between owners, or raise ``FrameInvalid``."""
    if kind == Kind.SEND:
        return decode_send(body)
    if kind == Kind.CREATE_FUND:
        return decode_create_fund(body)
    if kind == Kind.FUND_DEPOSIT:
        return decode_fund_deposit(body)
    if kind == Kind.FUND_WITHDRAW:
        return decode_fund_withdraw(body)
    raise FrameInvalid(f"kind: {kind!r} is not known")


def decode_oracle_update(body: object) -> OracleUpdate:
    """Return an oracle update of 1..8 messages, or raise ``FrameInvalid``."""
    market, messages = as_list(body, 2, "oracle update")
    if type(messages) is not list or not 1 <= len(messages) <= ORACLE_MESSAGES_MAX:
        raise FrameInvalid(f"oracle update: need 1 to {ORACLE_MESSAGES_MAX} messages")
    decoded = []
    for message in messages:
        publisher, price, time, signature = as_list(message, 4, "oracle message")
        decoded.append(
            OracleMessage(
                as_uint(publisher, 256, "publisher"),
                price_of(price),
                Millis(as_uint(time, TIME_LIMIT, "time")),
                as_bytes(signature, SIGNATURE_SIZE, "signature"),
            )
        )
    return OracleUpdate(as_uint(market, MARKETS_LIMIT, "market"), tuple(decoded))
