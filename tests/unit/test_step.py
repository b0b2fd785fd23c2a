"""What a refusal says fits the receipt, whatever was asked."""

import pytest

from statemachine.actions import PlaceOrder
from statemachine.errors import Code
from statemachine.step import ARG_MAX, ARG_MIN, Step
from statemachine.units import Lots, Price
from tests.worlds import World


def test_args_are_cut_to_64_bits() -> None:
    step = Step(World().state)
    step.refuse(Code.MARGIN, (1 << 80, -(1 << 80), 7, ARG_MAX, ARG_MIN))
    assert step.args == (ARG_MAX, ARG_MIN, 7, ARG_MAX, ARG_MIN)


@pytest.mark.parametrize("size", [1 << 52, (1 << 53) - 1, (1 << 63) - 1])
def test_an_absurd_order_is_refused_and_the_block_goes_on(size: int) -> None:
    world = World()
    world.open()
    assert world.act(0, PlaceOrder(0, 0, 0, Price(6_000_000), Lots(size))) != "OK"
    assert world.act(0, PlaceOrder(0, 0, 0, Price(6_000_000), Lots(1))) == "OK"
