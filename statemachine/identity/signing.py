"""Who signed: EIP-712 digests, signatures and recovery.

Actions that move money, or a market, are typed data that a wallet shows field by field;
trading actions are typed data over the Keccak of the action's canonical
bytes, with nonce and expiry in the open.  The domain binds the chain id and
the rollup's L1 address.  Signatures are 65 bytes, r | s | recovery id, with
low s only: otherwise one signature would have two encodings.
"""

from collections.abc import Sequence
from typing import Final, final

from coincurve import PrivateKey, PublicKey

from statemachine.actions import (
    KIND_OF,
    SIGNATURE_SIZE,
    Action,
    ApproveAgent,
    ApproveBuilder,
    BuyCollateral,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    OracleUpdate,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Send,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Transaction,
    Transfer,
    TransferAsset,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
    body_of,
    encode_transaction,
)
from statemachine.codec import pack
from statemachine.digest import hash_joined
from statemachine.identity.keccak import keccak256

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER: Final = (CURVE_ORDER // 2).to_bytes(32, "big")
NO_ADDRESS: Final = bytes(20)

DOMAIN_TYPE: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
ACTION_TYPE: Final = "SextantAction(bytes32 actionHash,uint64 nonce,uint64 expiresAt)"
WITHDRAW_TYPE: Final = (
    "Withdraw(uint8 subAccount,uint64 amountMicroUsdc,uint64 nonce,uint64 expiresAt)"
)
TRANSFER_TYPE: Final = (
    "Transfer(uint8 fromSubAccount,uint8 toSubAccount,uint64 amountMicroUsdc,"
    "uint64 nonce,uint64 expiresAt)"
)
SEND_TYPE: Final = (
    "Send(address to,uint8 fromSubAccount,uint8 toSubAccount,uint64 amountMicroUsdc,"
    "uint64 nonce,uint64 expiresAt)"
)
CREATE_FUND_TYPE: Final = (
    "CreateFund(uint8 subAccount,uint32 profitSharePpm,uint64 lockMs,uint64 nonce,uint64 expiresAt)"
)
FUND_DEPOSIT_TYPE: Final = (
    "FundDeposit(uint32 leaderAccount,uint8 fundSubAccount,uint8 fromSubAccount,"
    "uint64 amountMicroUsdc,uint64 nonce,uint64 expiresAt)"
)
FUND_WITHDRAW_TYPE: Final = (
    "FundWithdraw(uint32 leaderAccount,uint8 fundSubAccount,uint8 toSubAccount,"
    "uint64 shares,uint64 nonce,uint64 expiresAt)"
)
WITHDRAW_ASSET_TYPE: Final = (
    "WithdrawAsset(uint8 subAccount,uint8 asset,uint64 amountUnits,uint64 nonce,uint64 expiresAt)"
)
TRANSFER_ASSET_TYPE: Final = (
    "TransferAsset(uint8 fromSubAccount,uint8 toSubAccount,uint8 asset,uint64 amountUnits,"
    "uint64 nonce,uint64 expiresAt)"
)
BUY_COLLATERAL_TYPE: Final = (
    "BuyCollateral(uint8 subAccount,uint8 asset,uint64 amountUnits,"
    "uint64 priceMaxMicroUsdcPerLot,uint64 nonce,uint64 expiresAt)"
)
APPROVE_TYPE: Final = (
    "ApproveAgent(address agent,uint64 agentExpiresAt,uint32 actionKinds,uint64 markets,"
    "uint64 notionalPerDayMicroUsdc,uint64 lossPerDayMicroUsdc,uint64 nonce,uint64 expiresAt)"
)
REVOKE_TYPE: Final = "RevokeAgent(address agent,uint64 nonce,uint64 expiresAt)"
VAULT_DEPOSIT_TYPE: Final = (
    "VaultDeposit(uint8 subAccount,uint16 market,uint64 amountMicroUsdc,"
    "uint64 nonce,uint64 expiresAt)"
)
VAULT_WITHDRAW_TYPE: Final = (
    "VaultWithdraw(uint8 subAccount,uint16 market,uint64 shares,uint64 nonce,uint64 expiresAt)"
)
POOL_SUPPLY_TYPE: Final = (
    "PoolSupply(uint8 subAccount,uint64 amountMicroUsdc,uint64 nonce,uint64 expiresAt)"
)
POOL_REDEEM_TYPE: Final = "PoolRedeem(uint8 subAccount,uint64 shares,uint64 nonce,uint64 expiresAt)"
MARGIN_TYPE: Final = (
    "SetMargin(uint16 market,uint32 initialMarginPpm,uint32 maintenanceMarginPpm,"
    "uint64 nonce,uint64 expiresAt)"
)
MARKET_STATE_TYPE: Final = "SetMarketState(uint16 market,uint8 state,uint64 nonce,uint64 expiresAt)"
SET_REFERRER_TYPE: Final = (
    "SetReferrer(uint8 subAccount,uint32 referrerAccount,uint64 nonce,uint64 expiresAt)"
)
APPROVE_BUILDER_TYPE: Final = (
    "ApproveBuilder(uint32 builderAccount,uint32 maxFeePpm,uint64 nonce,uint64 expiresAt)"
)
ORACLE_TYPE: Final = "OraclePrice(uint16 market,uint64 price,uint64 time)"

ACTION_TYPE_HASH: Final = keccak256(ACTION_TYPE.encode())
WITHDRAW_TYPE_HASH: Final = keccak256(WITHDRAW_TYPE.encode())
TRANSFER_TYPE_HASH: Final = keccak256(TRANSFER_TYPE.encode())
SEND_TYPE_HASH: Final = keccak256(SEND_TYPE.encode())
CREATE_FUND_TYPE_HASH: Final = keccak256(CREATE_FUND_TYPE.encode())
FUND_DEPOSIT_TYPE_HASH: Final = keccak256(FUND_DEPOSIT_TYPE.encode())
FUND_WITHDRAW_TYPE_HASH: Final = keccak256(FUND_WITHDRAW_TYPE.encode())
WITHDRAW_ASSET_TYPE_HASH: Final = keccak256(WITHDRAW_ASSET_TYPE.encode())
TRANSFER_ASSET_TYPE_HASH: Final = keccak256(TRANSFER_ASSET_TYPE.encode())
BUY_COLLATERAL_TYPE_HASH: Final = keccak256(BUY_COLLATERAL_TYPE.encode())
APPROVE_TYPE_HASH: Final = keccak256(APPROVE_TYPE.encode())
REVOKE_TYPE_HASH: Final = keccak256(REVOKE_TYPE.encode())
VAULT_DEPOSIT_TYPE_HASH: Final = keccak256(VAULT_DEPOSIT_TYPE.encode())
VAULT_WITHDRAW_TYPE_HASH: Final = keccak256(VAULT_WITHDRAW_TYPE.encode())
POOL_SUPPLY_TYPE_HASH: Final = keccak256(POOL_SUPPLY_TYPE.encode())
POOL_REDEEM_TYPE_HASH: Final = keccak256(POOL_REDEEM_TYPE.encode())
MARGIN_TYPE_HASH: Final = keccak256(MARGIN_TYPE.encode())
MARKET_STATE_TYPE_HASH: Final = keccak256(MARKET_STATE_TYPE.encode())
SET_REFERRER_TYPE_HASH: Final = keccak256(SET_REFERRER_TYPE.encode())
APPROVE_BUILDER_TYPE_HASH: Final = keccak256(APPROVE_BUILDER_TYPE.encode())
ORACLE_TYPE_HASH: Final = keccak256(ORACLE_TYPE.encode())


def word(value: int) -> bytes:
    """Return an integer as a 32-byte word."""
    return value.to_bytes(32, "big")


@final
class Domain:
    """The EIP-712 domain of one rollup; its separator is computed once."""

    __slots__ = ("chain_id", "prefix", "rollup")

    def __init__(self, chain_id: int, rollup: bytes) -> None:
        """Bind signatures to a chain id and to the rollup's 20-byte L1 address."""
        self.chain_id = chain_id
        self.rollup = rollup
        separator = keccak256(
            keccak256(DOMAIN_TYPE.encode())
            + keccak256(b"Sextant")
            + keccak256(b"1")
            + word(chain_id)
            + bytes(12)
            + rollup
        )
        self.prefix = b"\x19\x01" + separator


def struct_hash(action: Action, nonce: int, expires_at: int) -> bytes:
    """Return the EIP-712 hash of what a user signs for ``action``."""
    tail = word(nonce) + word(expires_at)
    match action:
        case Withdraw():
            head = WITHDRAW_TYPE_HASH + word(action.sub) + word(action.amount)
        case Transfer():
            head = TRANSFER_TYPE_HASH + word(action.source) + word(action.target)
            head += word(action.amount)
        case Send():
            head = SEND_TYPE_HASH + bytes(12) + action.to
            head += word(action.source) + word(action.target) + word(action.amount)
        case CreateFund() | FundDeposit() | FundWithdraw():
            head = fund_head(action)
        case ApproveAgent():
            head = APPROVE_TYPE_HASH + bytes(12) + action.agent + word(action.expires_at)
            head += word(action.kinds) + word(action.markets)
            head += word(action.notional_max) + word(action.loss_max)
        case RevokeAgent():
            head = REVOKE_TYPE_HASH + bytes(12) + action.agent
        case WithdrawAsset() | TransferAsset() | BuyCollateral():
            head = asset_head(action)
        case VaultDeposit():
            head = VAULT_DEPOSIT_TYPE_HASH + word(action.sub) + word(action.market)
            head += word(action.amount)
        case VaultWithdraw():
            head = VAULT_WITHDRAW_TYPE_HASH + word(action.sub) + word(action.market)
            head += word(action.shares)
        case PoolSupply():
            head = POOL_SUPPLY_TYPE_HASH + word(action.sub) + word(action.amount)
        case PoolRedeem():
            head = POOL_REDEEM_TYPE_HASH + word(action.sub) + word(action.shares)
        case SetMargin():
            head = MARGIN_TYPE_HASH + word(action.market)
            head += word(action.initial_ppm) + word(action.maintenance_ppm)
        case SetMarketState():
            head = MARKET_STATE_TYPE_HASH + word(action.market) + word(action.state)
        case SetReferrer():
            head = SET_REFERRER_TYPE_HASH + word(action.sub) + word(action.referrer)
        case ApproveBuilder():
            head = APPROVE_BUILDER_TYPE_HASH + word(action.builder) + word(action.max_fee_ppm)
        case _:
            body = pack([int(KIND_OF[type(action)]), body_of(action)])
            head = ACTION_TYPE_HASH + keccak256(body)
    return keccak256(head + tail)


def fund_head(action: CreateFund | FundDeposit | FundWithdraw) -> bytes:
    """Return the type hash and the fields of what is signed about a fund."""
    match action:
        case CreateFund():
            head = CREATE_FUND_TYPE_HASH + word(action.sub)
            return head + word(action.profit_ppm) + word(action.lock_ms)
        case FundDeposit():
            head = FUND_DEPOSIT_TYPE_HASH + word(action.leader) + word(action.fund)
            return head + word(action.sub) + word(action.amount)
        case FundWithdraw():
            head = FUND_WITHDRAW_TYPE_HASH + word(action.leader) + word(action.fund)
            return head + word(action.sub) + word(action.shares)


def asset_head(action: WithdrawAsset | TransferAsset | BuyCollateral) -> bytes:
    """Return the type and the own fields of an action about another asset than USDC."""
    match action:
        case WithdrawAsset():
            head = WITHDRAW_ASSET_TYPE_HASH + word(action.sub) + word(action.asset)
            return head + word(action.amount)
        case TransferAsset():
            head = TRANSFER_ASSET_TYPE_HASH + word(action.source) + word(action.target)
            return head + word(action.asset) + word(action.amount)
        case BuyCollateral():
            head = BUY_COLLATERAL_TYPE_HASH + word(action.sub) + word(action.asset)
            return head + word(action.amount) + word(action.price)


def digest_of(domain: Domain, action: Action, nonce: int, expires_at: int) -> bytes:
    """Return the 32 bytes that a user signs."""
    return keccak256(domain.prefix + struct_hash(action, nonce, expires_at))


def oracle_digest(domain: Domain, market: int, price: int, time: int) -> bytes:
    """Return the 32 bytes that a publisher signs."""
    message = ORACLE_TYPE_HASH + word(market) + word(price) + word(time)
    return keccak256(domain.prefix + keccak256(message))


def address_of_public(public: PublicKey) -> bytes:
    """Return the Ethereum address of a public key."""
    return keccak256(public.format(compressed=False)[1:])[12:]


def address_of(key: bytes) -> bytes:
    """Return the Ethereum address of a 32-byte private key."""
    return address_of_public(PrivateKey(key).public_key)


def sign_digest(key: bytes, digest: bytes) -> bytes:
    """Return the 65-byte signature of ``digest``; libsecp256k1 signs with low s."""
    return PrivateKey(key).sign_recoverable(digest, hasher=None)


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the signer's address, or no bytes if the signature is not a valid one."""
    if (
        len(signature) != SIGNATURE_SIZE
        or signature[64] > 3
        or signature[32:64] > HALF_ORDER  # recovery would accept the other s as well
    ):
        return b""
    try:
        public = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except (ValueError, Exception) as error:
        if isinstance(error, MemoryError):
            raise
        return b""
    return address_of_public(public)


def sign_action(
    domain: Domain, key: bytes, action: Action, nonce: int, expires_at: int = 0
) -> Transaction:
    """Return ``action`` signed with a 32-byte private key."""
    signature = sign_digest(key, digest_of(domain, action, nonce, expires_at))
    data = encode_transaction(action, nonce, expires_at, signature)
    return Transaction(action, nonce, expires_at, signature, data)


def recover_signer(domain: Domain, transaction: Transaction) -> bytes:
    """Return who signed: 20 bytes, or none if the signature is bad.

    For an oracle update: one address per message, 20 zero bytes for a bad one.
    """
    action = transaction.action
    if isinstance(action, OracleUpdate):
        return b"".join(
            recover(oracle_digest(domain, action.market, m.price, m.time), m.signature)
            or NO_ADDRESS
            for m in action.messages
        )
    digest = digest_of(domain, action, transaction.nonce, transaction.expires_at)
    return recover(digest, transaction.signature)


def block_digest(chain_id: int, height: int, cursor_hash: bytes) -> bytes:
    """Return the 32 bytes that the sequencer signs for a block."""
    return hash_joined(pack([chain_id, height, cursor_hash]))


def recover_signers(domain: Domain, transactions: Sequence[Transaction]) -> list[bytes]:
    """Return who signed each transaction; pure, so workers may run ahead of execution."""
    return [recover_signer(domain, transaction) for transaction in transactions]
