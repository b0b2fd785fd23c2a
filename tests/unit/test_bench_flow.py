"""`sextant bench flow` against a book of a few lines, and the lines that it refuses."""

import json
import random
from pathlib import Path

import pytest

from bench.flow import FlowInvalid, FlowRun, Line, main, read_lines


class PlainBook:
    """Price-time priority by sorting, nothing else."""

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {}  # id -> [market, side, price, size]
        self.trades = self.volume = self.notional = self.cancelled = self.unknown = 0

    def run(self, line: Line) -> None:
        if line.op == "C":
            if self.orders.pop(line.order, None) is None:
                self.unknown += 1
            else:
                self.cancelled += 1
            return
        sign = -1 if line.side else 1
        left = line.size
        while left:
            found = [
                (sign * price, order)
                for order, (market, side, price, _) in self.orders.items()
                if market == line.market and side != line.side and sign * price <= sign * line.price
            ]
            if not found:
                break
            best = min(found, key=lambda item: item[0])[1]  # the earliest of the best price
            maker = self.orders[best]
            size = min(left, maker[3])
            self.trades += 1
            self.volume += size
            self.notional += size * maker[2]
            maker[3] -= size
            left -= size
            if maker[3] == 0:
                del self.orders[best]
        if left and line.op == "L":
            self.orders[line.order] = [line.market, line.side, line.price, left]


def random_lines(seed: int, count: int) -> list[Line]:
    """Return a flow in few accounts and at few prices, so that everybody meets himself."""
    rng = random.Random(seed)
    lines: list[Line] = []
    for number in range(1, count + 1):
        account, market = rng.randrange(3), rng.choice([0, 5, 900])
        if rng.random() < 0.3:
            lines.append(Line("C", rng.randint(1, number), account, market, 0, 0, 0))
            continue
        op = "I" if rng.random() < 0.2 else "L"
        price, size = rng.randint(95, 105), rng.randint(1, 40)
        lines.append(Line(op, 10_000 + number, account, market, rng.randrange(2), price, size))
        if op == "L":
            lines[-1] = lines[-1]._replace(order=number)
    return lines


@pytest.mark.parametrize("seed", range(3))
def test_a_flow_matches_a_plain_book(seed: int) -> None:
    lines = random_lines(seed, 1_000)
    book = PlainBook()
    for line in lines:
        book.run(line)
    outcome = FlowRun(lines).run()
    assert (outcome.trades, outcome.volume, outcome.notional) == (
        book.trades,
        book.volume,
        book.notional,
    )
    assert outcome.resting == len(book.orders)
    assert outcome.resting_lots == sum(order[3] for order in book.orders.values())
    assert (outcome.cancelled, outcome.cancels_unknown) == (book.cancelled, book.unknown)
    assert outcome.lines == len(lines)
    assert book.trades > 100
    assert book.cancelled > 20


def test_one_order_may_sweep_a_thousand() -> None:
    asks = [Line("L", number, 1, 0, 1, 100 + number, 1) for number in range(1_000)]
    outcome = FlowRun([*asks, Line("I", 5_000, 1, 0, 0, 10_000, 1_500)]).run()
    assert (outcome.trades, outcome.volume, outcome.resting) == (1_000, 1_000, 0)


def test_prices_may_be_large_and_collateral_never_ends() -> None:
    lines = [
        Line("L", 1, 1, 0, 1, 10**12, 10**10),
        Line("I", 2, 2, 0, 0, 10**12, 10**10),
        Line("L", 3, 2, 0, 1, 1, 10**10),
        Line("I", 4, 1, 0, 0, 1, 10**10),
    ]
    outcome = FlowRun(lines).run()
    assert outcome.notional == 10**22 + 10**10
    assert outcome.resting == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("X,1,1,0,0,10,1", "need op,id"),
        ("L,1,1,0,0,10", "need op,id"),
        ("L,1,1,0,0,10.5,1", "not integers"),
        ("L,1,1,0,2,10,1", "need side"),
        ("I,1,1,0,0,10,0", "need side"),
        ("L,1,1,0,0,0,1", "need side"),
    ],
)
def test_a_bad_line_is_named(row: str, reason: str) -> None:
    with pytest.raises(FlowInvalid, match=f"line 3: {reason}"):
        list(read_lines(["op,id,account,market,side,price,qty\n", "L,7,1,0,0,10,1\n", row]))


def test_an_id_is_used_once() -> None:
    with pytest.raises(FlowInvalid, match="id 1 is used"):
        FlowRun([Line("L", 1, 1, 0, 0, 10, 1), Line("L", 1, 1, 0, 0, 10, 1)]).run()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "flow.csv"
    file.write_text("L,1,1,0,1,10,5\nL,2,2,0,0,9,4\nI,3,2,0,0,10,2\nC,2\nC,2,2,0,,,\n")
    assert main([str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "sextant.bench.flow/1"
    assert (told["trades"], told["volume"], told["resting"], told["resting_lots"]) == (1, 2, 1, 3)
    assert (told["cancelled"], told["cancels_unknown"]) == (1, 1)
    assert main([str(file)]) == 0
    assert "trades    1" in capsys.readouterr().out
    file.write_text("L,1,1\n")
    assert main([str(file)]) == 3
    assert "line 1" in capsys.readouterr().err
    assert main([str(tmp_path / "absent.csv")]) == 3
