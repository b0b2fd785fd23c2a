"""Every alert has its metric, its rule and its page, and every alarm has a rule."""

import io
import re

from node.process.metrics import Metrics
from prover.board import Board
from prover.gauges import ALARMS, WATCHED, Watchman
from tests.tidy import ROOT

RULES = ROOT / "docs" / "alerts.yml"
PAGES = ROOT / "docs" / "runbooks"
RULE = re.compile(
    r"      - alert: (?P<name>\w+)\n"
    r"        expr: (?P<quote>['\"])(?P<expr>.*)(?P=quote)\n"
    r"        for: \d+[mh]\n"
    r"        labels:\n          severity: (?P<severity>page|ticket)\n"
    r"        annotations:\n          summary: (?P<summary>.+)\n"
    r"          runbook: (?P<page>docs/runbooks/\w+\.md)\n"
)
NODE_METRIC = re.compile(r"sextant_(?!challenger_)\w+")
METRIC = re.compile(r"sextant_challenger_(\w+)")
FOUND = list(RULE.finditer(RULES.read_text()))


def served() -> set[str]:
    board = Board("watch", io.StringIO(), as_json=False, path=None, port=None)
    names = {metric.name for metric in board.registry.collect()}
    return {name.removeprefix("sextant_challenger_") for name in names}


def served_by_nodes() -> set[str]:
    """Return the names of a node's samples; a counter's end with ``_total``."""
    families = Metrics().registry.collect()
    return {sample.name for family in families for sample in family.samples}


def test_the_file_holds_rules_and_nothing_else() -> None:
    text = RULES.read_text()
    head, _, rest = text.partition("    rules:\n")
    assert head.endswith("groups:\n  - name: sextant-challenger\n")
    assert "".join(match[0] for match in FOUND) == rest
    names = [match["name"] for match in FOUND]
    assert len(set(names)) == len(names) == text.count("- alert:") > 10


def test_every_rule_asks_for_metrics_that_are_served() -> None:
    metrics = served()
    for match in FOUND:
        used = set(METRIC.findall(match["expr"]))
        assert used, match["name"]
        assert used <= metrics, match["name"]
        assert set(NODE_METRIC.findall(match["expr"])) <= served_by_nodes(), match["name"]


def test_every_rule_has_a_page_that_says_what_to_do() -> None:
    for match in FOUND:
        text = (ROOT / match["page"]).read_text()
        assert text.startswith(f"# {match['name']}: {match['summary']}\n")
        assert f"```\n{match['expr']}\n```" in text
        assert "\n## Do\n\n- " in text


def test_every_page_belongs_to_a_rule_and_is_listed() -> None:
    names = {match["name"] for match in FOUND}
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == names
    index = (PAGES / "README.md").read_text()
    for match in FOUND:
        row = f"| [{match['name']}]({match['name']}.md) | {match['summary']} |"
        assert f"{row} {match['severity']} |" in index


def test_every_alarm_of_the_log_has_a_rule() -> None:
    asked = {name for match in FOUND for name in METRIC.findall(match["expr"])}
    alarms = {alarm.name for alarm in Watchman(1).alarms}
    assert {alarm.name for alarm in ALARMS} < alarms <= asked
    assert set(WATCHED) <= served()
