"""Money other than USDC on L2: withdraw it, move it, buy what vaults offer."""

from sextant.client.amounts import Amount, show_decimal, show_usdc
from sextant.client.assets import Asset
from sextant.client.money import Money, Withdrawn, read_sub
from sextant.client.receipts import Receipt
from sextant.errors import BadRequest, Rejected
from statemachine.actions import BuyCollateral, TransferAsset, WithdrawAsset
from statemachine.errors import Code
from statemachine.units import Price

IN_UNITS = {Code.BALANCE: ("asked", "may leave"), Code.VAULT_SHORT: ("asked", "offered")}
"""Codes whose arguments are amounts of the asset that was asked for."""


class Collateral(Money):
    """A session that can move assets beyond USDC."""

    async def withdraw_asset(
        self, which: str | int | Asset, amount: Amount, *, sub: int | None = None
    ) -> Withdrawn:
        """Move an asset out, to the owner's address on L1; ``claim_withdrawal`` collects it."""
        asset = await self.asset(which)
        place = read_sub(self.sub if sub is None else sub)
        action = WithdrawAsset(place, asset.id, asset.units(amount))
        receipt = await self.execute_for(asset, action)
        return Withdrawn(index=receipt.order_id, receipt=receipt)

    async def transfer_asset(
        self, which: str | int | Asset, amount: Amount, *, source: int, target: int
    ) -> Receipt:
        """Move an asset between two sub-accounts of the owner."""
        if source == target:
            raise BadRequest("ACCOUNT_SELF", "source and target are the same sub-account")
        asset = await self.asset(which)
        units = asset.units(amount)
        action = TransferAsset(read_sub(source), read_sub(target), asset.id, units)
        return await self.execute_for(asset, action)

    async def buy_collateral(
        self, which: str | int | Asset, amount: Amount, *, limit: Amount, sub: int | None = None
    ) -> Receipt:
        """Buy what a vault took over, at its offer, ``limit`` USDC per coin at most.

        The receipt's ``filled`` counts units, its ``notional`` what they cost.
        """
        asset = await self.asset(which)
        place = read_sub(self.sub if sub is None else sub)
        price = Price(asset.price_per_lot(limit))
        action = BuyCollateral(place, asset.id, asset.units(amount), price)
        return await self.execute_for(asset, action)

    async def execute_for(
        self, asset: Asset, action: WithdrawAsset | TransferAsset | BuyCollateral
    ) -> Receipt:
        """Execute an action; a refusal speaks of the asset's amounts, not of USDC."""
        try:
            return await self.execute(action)
        except Rejected as error:
            raise said_of(asset, action, error) from error


def said_of(
    asset: Asset, action: WithdrawAsset | TransferAsset | BuyCollateral, error: Rejected
) -> Rejected:
    """Return a refusal in the asset's own terms."""
    receipt = error.receipt
    arguments = receipt.arguments if isinstance(receipt, Receipt) else ()
    paid = isinstance(action, BuyCollateral) and error.code == Code.BALANCE.name
    if len(arguments) == 2 and paid:
        cost, balance = map(show_usdc, arguments)
        message = f"it costs {cost}, and the balance is {balance}"
    elif len(arguments) == 2 and error.code in {code.name for code in IN_UNITS}:
        names = IN_UNITS[Code[error.code]]
        shown = [
            f"{name} {show_decimal(asset.show(value))} {asset.name}"
            for name, value in zip(names, arguments, strict=True)
        ]
        message = ", ".join(shown)
    elif len(arguments) == 1 and error.code == Code.BAND.name:
        price = asset.show_price(arguments[0])
        shown_price = "unknown" if price is None else show_decimal(price)
        message = f"the offer is at {shown_price} USDC, above your limit"
    else:
        return error
    return Rejected(
        error.code,
        message,
        advice="see `sextant assets` and `sextant account`",
        retryable=error.retryable,
        receipt=error.receipt,
    )
