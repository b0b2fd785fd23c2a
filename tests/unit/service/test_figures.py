"""The figures of a node that follow from its state."""

import pytest

from node.process.metrics import Metrics
from node.service.status import update_figures
from prover.contract.records import RulesVersion
from tests.exchange import Exchange


@pytest.mark.parametrize(("encoded", "unknown"), [(None, 2), ("own", 0)], ids=["unknown", "known"])
def test_rules_to_come_are_shown_before_and_when_they_come(
    encoded: str | None, unknown: int
) -> None:
    exchange, metrics = Exchange(), Metrics()
    update_figures(exchange, metrics)
    shown = metrics.registry.get_sample_value
    assert (shown("sextant_rules_version"), shown("sextant_rules_unknown_version")) == (1, 0)
    starts = exchange.cursor.time + 60_000
    data = exchange.rules.encode() if encoded else b"\x91\x09"
    exchange.core.book.learn([RulesVersion(2, starts, data, 1)])
    update_figures(exchange, metrics)
    assert (shown("sextant_rules_version"), shown("sextant_rules_unknown_version")) == (1, unknown)
    exchange.cursor.time = starts
    update_figures(exchange, metrics)
    assert (shown("sextant_rules_version"), shown("sextant_rules_unknown_version")) == (2, unknown)
