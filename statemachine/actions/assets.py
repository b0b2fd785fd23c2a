"""Bodies of actions about other assets than USDC."""

from typing import Final

from statemachine.actions.collateral import BuyCollateral, TransferAsset, WithdrawAsset
from statemachine.actions.fields import U64, price_of
from statemachine.actions.kinds import Kind
from statemachine.codec import as_list, as_uint
from statemachine.errors import FrameInvalid

AssetAction = WithdrawAsset | TransferAsset | BuyCollateral
ASSET_KINDS: Final = (Kind.WITHDRAW_ASSET, Kind.TRANSFER_ASSET, Kind.BUY_COLLATERAL)


def body_of_asset(action: AssetAction) -> list[object]:
    """Return the body of an action about an asset."""
    match action:
        case WithdrawAsset():
            return [action.sub, action.asset, action.amount]
        case TransferAsset():
            return [action.source, action.target, action.asset, action.amount]
        case BuyCollateral():
            return [action.sub, action.asset, action.amount, action.price]


def decode_asset_action(kind: int, body: object) -> AssetAction:
    """Return an action about an asset, or raise ``FrameInvalid``."""
    if kind == Kind.WITHDRAW_ASSET:
        sub, asset, amount = as_list(body, 3, "withdraw asset")
        return WithdrawAsset(
            as_uint(sub, 256, "sub"), as_uint(asset, 256, "asset"), as_uint(amount, U64, "amount")
        )
    if kind == Kind.TRANSFER_ASSET:
        source, target, asset, amount = as_list(body, 4, "transfer asset")
        return TransferAsset(
            as_uint(source, 256, "source"),
            as_uint(target, 256, "target"),
            as_uint(asset, 256, "asset"),
            as_uint(amount, U64, "amount"),
        )
    if kind == Kind.BUY_COLLATERAL:
        sub, asset, amount, price = as_list(body, 4, "buy collateral")
        return BuyCollateral(
            as_uint(sub, 256, "sub"),
            as_uint(asset, 256, "asset"),
            as_uint(amount, U64, "amount"),
            price_of(price),
        )
    raise FrameInvalid(f"kind: {kind!r} is not about an asset")
