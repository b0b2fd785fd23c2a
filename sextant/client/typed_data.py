"""What a wallet shows before it signs: an action as EIP-712 typed data.

The same types as ``statemachine.identity.signing`` hashes, in the JSON form that
wallets and eth-account take.  Trading actions are a hash with nonce and
expiry; moving money, approving keys and governing a market is spelled out, field by
field.
"""

import re
from typing import Any, Final

from statemachine.actions import (
    KIND_OF,
    Action,
    ApproveAgent,
    ApproveBuilder,
    BuyCollateral,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Send,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Transfer,
    TransferAsset,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
    body_of,
)
from statemachine.codec import pack
from statemachine.identity import signing
from statemachine.identity.keccak import keccak256
from statemachine.identity.signing import Domain

DOMAIN_NAME: Final = "Sextant"
DOMAIN_VERSION: Final = "1"
TYPE_PATTERN: Final = re.compile(r"^(\w+)\((.*)\)$")


def parse_type(text: str) -> tuple[str, list[dict[str, str]]]:
    """Return name and fields of an encoded EIP-712 type such as ``A(uint8 x)``."""
    match = TYPE_PATTERN.match(text)
    if match is None:
        raise ValueError(f"not an encoded type: {text}")
    parts = (field.split(" ") for field in match[2].split(","))
    return match[1], [{"name": name, "type": kind} for kind, name in parts]


def message_of(action: Action, nonce: int, expires_at: int) -> tuple[str, dict[str, Any]]:
    """Return the encoded type of what is signed for ``action``, and its values."""
    tail = {"nonce": nonce, "expiresAt": expires_at}
    match action:
        case Withdraw():
            head = {"subAccount": action.sub, "amountMicroUsdc": action.amount}
            return signing.WITHDRAW_TYPE, head | tail
        case Transfer():
            moved: dict[str, Any] = {
                "fromSubAccount": action.source,
                "toSubAccount": action.target,
                "amountMicroUsdc": action.amount,
            }
            return signing.TRANSFER_TYPE, moved | tail
        case Send() | CreateFund() | FundDeposit() | FundWithdraw():
            encoded, fields = shared_message_of(action)
            return encoded, fields | tail
        case SetReferrer() | ApproveBuilder():
            encoded, shared = sharing_message_of(action)
            return encoded, shared | tail
        case VaultDeposit():
            bought: dict[str, Any] = {
                "subAccount": action.sub,
                "market": action.market,
                "amountMicroUsdc": action.amount,
            }
            return signing.VAULT_DEPOSIT_TYPE, bought | tail
        case VaultWithdraw():
            left: dict[str, Any] = {
                "subAccount": action.sub,
                "market": action.market,
                "shares": action.shares,
            }
            return signing.VAULT_WITHDRAW_TYPE, left | tail
        case PoolSupply():
            supplied = {"subAccount": action.sub, "amountMicroUsdc": action.amount}
            return signing.POOL_SUPPLY_TYPE, supplied | tail
        case PoolRedeem():
            redeemed = {"subAccount": action.sub, "shares": action.shares}
            return signing.POOL_REDEEM_TYPE, redeemed | tail
        case ApproveAgent():
            approved: dict[str, Any] = {
                "agent": f"0x{action.agent.hex()}",
                "agentExpiresAt": action.expires_at,
                "actionKinds": action.kinds,
                "markets": action.markets,
                "notionalPerDayMicroUsdc": action.notional_max,
                "lossPerDayMicroUsdc": action.loss_max,
            }
            return signing.APPROVE_TYPE, approved | tail
        case SetMargin() | SetMarketState():
            encoded, set_to = guarded_message_of(action)
            return encoded, set_to | tail
        case RevokeAgent():
            return signing.REVOKE_TYPE, {"agent": f"0x{action.agent.hex()}"} | tail
        case WithdrawAsset() | TransferAsset() | BuyCollateral():
            encoded, fields = asset_message_of(action)
            return encoded, fields | tail
        case _:
            body = pack([int(KIND_OF[type(action)]), body_of(action)])
            return signing.ACTION_TYPE, {"actionHash": f"0x{keccak256(body).hex()}"} | tail


def shared_message_of(
    action: Send | CreateFund | FundDeposit | FundWithdraw,
) -> tuple[str, dict[str, Any]]:
    """Return the encoded type of what moves money between owners, and its values."""
    if isinstance(action, Send):
        return signing.SEND_TYPE, {
            "to": f"0x{action.to.hex()}",
            "fromSubAccount": action.source,
            "toSubAccount": action.target,
            "amountMicroUsdc": action.amount,
        }
    if isinstance(action, CreateFund):
        return signing.CREATE_FUND_TYPE, {
            "subAccount": action.sub,
            "profitSharePpm": action.profit_ppm,
            "lockMs": action.lock_ms,
        }
    place = {"leaderAccount": action.leader, "fundSubAccount": action.fund}
    if isinstance(action, FundDeposit):
        paid = {"fromSubAccount": action.sub, "amountMicroUsdc": action.amount}
        return signing.FUND_DEPOSIT_TYPE, place | paid
    left = {"toSubAccount": action.sub, "shares": action.shares}
    return signing.FUND_WITHDRAW_TYPE, place | left


def guarded_message_of(action: SetMargin | SetMarketState) -> tuple[str, dict[str, Any]]:
    """Return the encoded type of what the guardian may sign, and its values."""
    if isinstance(action, SetMarketState):
        return signing.MARKET_STATE_TYPE, {"market": action.market, "state": action.state}
    return signing.MARGIN_TYPE, {
        "market": action.market,
        "initialMarginPpm": action.initial_ppm,
        "maintenanceMarginPpm": action.maintenance_ppm,
    }


def sharing_message_of(action: SetReferrer | ApproveBuilder) -> tuple[str, dict[str, Any]]:
    """Return the encoded type of an action that lets somebody share in fees, and its values."""
    if isinstance(action, SetReferrer):
        brought = {"subAccount": action.sub, "referrerAccount": action.referrer}
        return signing.SET_REFERRER_TYPE, brought
    built = {"builderAccount": action.builder, "maxFeePpm": action.max_fee_ppm}
    return signing.APPROVE_BUILDER_TYPE, built


def asset_message_of(
    action: WithdrawAsset | TransferAsset | BuyCollateral,
) -> tuple[str, dict[str, Any]]:
    """Return the encoded type of an action about another asset than USDC, and its values."""
    match action:
        case WithdrawAsset():
            return signing.WITHDRAW_ASSET_TYPE, {
                "subAccount": action.sub,
                "asset": action.asset,
                "amountUnits": action.amount,
            }
        case TransferAsset():
            return signing.TRANSFER_ASSET_TYPE, {
                "fromSubAccount": action.source,
                "toSubAccount": action.target,
                "asset": action.asset,
                "amountUnits": action.amount,
            }
        case BuyCollateral():
            return signing.BUY_COLLATERAL_TYPE, {
                "subAccount": action.sub,
                "asset": action.asset,
                "amountUnits": action.amount,
                "priceMaxMicroUsdcPerLot": action.price,
            }


def typed_data_of(domain: Domain, action: Action, nonce: int, expires_at: int) -> dict[str, Any]:
    """Return the whole document that a wallet signs for ``action``."""
    encoded, message = message_of(action, nonce, expires_at)
    domain_name, domain_fields = parse_type(signing.DOMAIN_TYPE)
    name, fields = parse_type(encoded)
    return {
        "types": {domain_name: domain_fields, name: fields},
        "primaryType": name,
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": f"0x{domain.rollup.hex()}",
        },
        "message": message,
    }
