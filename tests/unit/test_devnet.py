"""The parts of a devnet that need no process: genesis, commands, bots, screen, banner."""

import stat
from pathlib import Path
from random import Random

import pytest

from devnet.banner import lines_of
from devnet.bots.follower import quote_of
from devnet.bots.maker import LEVELS, Quote, target_of
from devnet.bots.taker import compose_take
from devnet.bots.view import MarketView
from devnet.child import ProcessSpec
from devnet.genesis import devnet_contract, devnet_rules
from devnet.identities import NAMES, PUBLISHERS, identity_of
from devnet.layout import PORTS, layout_of
from devnet.prices import PricesInvalid, check_script
from devnet.processes import Options, prepare, specs_of
from devnet.screen import plain_line, price_text, rate_text
from devnet.supervisor import DevnetBlocked
from devnet.survey import Facts
from proto.sextant.v1 import query_pb2
from prover.contract.rules import decode_contract_rules
from sextant.cli.main import build_parser
from sextant.errors import BadRequest
from statemachine.actions import FLAG_IOC, FLAG_PEG, FLAG_SELL

INDEX = 6_500_000


def view(position: int = 0, bid: int = 6_498_000, ask: int = 6_502_000) -> MarketView:
    return MarketView(1, 10, 25_000, INDEX, INDEX, bid, ask, position)


def test_genesis_is_the_same_everywhere() -> None:
    first, second = devnet_contract(), devnet_contract()
    assert first.encode() == second.encode()
    assert first.rules.hash == devnet_rules().hash
    assert decode_contract_rules(first.encode()) == first


def test_identities_are_distinct_and_known() -> None:
    addresses = {identity_of(name).address for name in NAMES}
    assert len(addresses) == len(NAMES)
    assert devnet_rules().publishers == tuple(identity_of(n).address for n in PUBLISHERS)


def test_prepared_keys_are_private_files(tmp_path: Path) -> None:
    layout = layout_of(0, tmp_path)
    prepare(layout)
    assert layout.deployment.read_bytes() == devnet_contract().encode()
    for name in NAMES:
        assert stat.S_IMODE(layout.key_file(name).stat().st_mode) == 0o600
        assert layout.key_file(name).read_text().strip() == "0x" + identity_of(name).key.hex()


SPECS = specs_of(layout_of(3, Path("/nowhere")), Options(script=Path("prices")))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_process_has_a_command_that_parses(spec: ProcessSpec) -> None:
    name, *words = spec.command
    assert callable(build_parser(name).parse_args(words).run)


def test_instances_share_no_port() -> None:
    first, second = layout_of(0, Path("/a")), layout_of(1, Path("/b"))
    ports = [layout.port(service) for layout in (first, second) for service in PORTS]
    assert len(set(ports)) == len(ports)


def test_banner_has_what_a_user_copies() -> None:
    text = "\n".join(lines_of(layout_of(0, Path("/data")), devnet_contract(55)))
    for expected in (
        *("127.0.0.1:50551", "UNSAFE", "STUB", "/data/logs", "genesis root", "alice"),
        *("771400100000055", devnet_rules(55).rollup.hex()),
    ):
        assert expected in text


def test_ladder_surrounds_the_index_and_steps_outward() -> None:
    bids = [target_of(view(), 0, level) for level in range(LEVELS)]
    asks = [target_of(view(), 1, level) for level in range(LEVELS)]
    assert all(price < INDEX and price % 10 == 0 for price, _ in bids)
    assert all(price > INDEX and price % 10 == 0 for price, _ in asks)
    assert [price for price, _ in bids] == sorted((p for p, _ in bids), reverse=True)
    assert [price for price, _ in asks] == sorted(p for p, _ in asks)


def test_inventory_moves_the_ladder_against_itself() -> None:
    flat, long, short = (target_of(view(position), 1, 0)[0] for position in (0, 20_000, -20_000))
    assert long < flat < short
    assert Quote(1, 0).order_id == 0


def test_a_follower_quotes_the_same_ladder_in_offsets() -> None:
    for level in range(LEVELS):
        for side in (0, 1):
            order = quote_of(view(), side, level, 0)
            price, size = target_of(view(), side, level)
            assert (INDEX + order.terms.offset, order.size) == (price, size)
            assert order.flags & FLAG_PEG
            assert order.price < INDEX if side else order.price > INDEX
            assert order.price % 10 == order.terms.offset % 10 == 0


def test_taker_crosses_the_best_price_within_its_slippage() -> None:
    order = compose_take(view(), Random(1))
    assert order is not None
    assert order.flags & FLAG_IOC
    best = 6_498_000 if order.flags & FLAG_SELL else 6_502_000
    assert abs(order.price - best) * 1_000_000 <= 5_000 * best


def test_taker_sells_a_large_position_and_waits_for_a_book() -> None:
    huge = view(position=10_000)
    assert all((o := compose_take(huge, Random(n))) and o.flags & FLAG_SELL for n in range(20))
    assert compose_take(view(bid=0, ask=0), Random(1)) is None


def test_prices_and_rates_are_shown_as_people_write_them() -> None:
    btc = query_pb2.Market(symbol="BTC", lot_decimals=4)
    assert price_text(6_500_010, btc) == "65,000.10"
    assert price_text(0, btc) == "-"
    assert rate_text(100_000) == "0.01000 %"
    assert rate_text(-12_345_678) == "-1.23456 %"


def test_other_rules_are_said_before_anything_starts(tmp_path: Path) -> None:
    layout = layout_of(0, tmp_path)
    prepare(layout)
    prepare(layout)
    layout.deployment.write_bytes(b"older rules")
    with pytest.raises(DevnetBlocked, match=r"made under other rules.*another --datadir"):
        prepare(layout)
    assert layout.deployment.read_bytes() == b"older rules"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--prices", "/nonexistent"], "SCRIPT"),
        (["--block-time-ms", "-5"], "BLOCK_TIME"),
    ],
)
def test_arguments_of_up_are_checked_first(words: list[str], code: str) -> None:
    arguments = build_parser("devnet").parse_args(["up", *words])
    with pytest.raises(BadRequest) as refused:
        arguments.run(arguments)
    assert refused.value.code == code


def test_script_names_what_is_wrong_with_it(tmp_path: Path) -> None:
    script = tmp_path / "prices"
    script.write_text("0 btc 65000\n10 ETH 3500.5  # a comment\n")
    check_script(script)
    for line, why in (("0 DOGE 1", "no market DOGE"), ("0 BTC cheap", "cheap"), ("0 BTC", ":1:")):
        script.write_text(line)
        with pytest.raises(PricesInvalid, match=why):
            check_script(script)


def test_line_says_so_when_nothing_answers() -> None:
    assert "does not answer" in plain_line(Facts(), {})
