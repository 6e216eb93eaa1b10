"""Inputs are proposed from evidence, typed, and checked against it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from checks.model import Judgement, Result, Row, Verdict
from checks.plans.inputs import Choices, InputError, choices, containment, label_of, validate
from kb.model import Input
from kb.text import Text


def result(verdict: Verdict = Verdict.FAIL, **judgement: Any) -> Result:
    return Result("c", "macs", Text("c"), Judgement(verdict, Text("s"), **judgement), (), 0.0, 1)


def rows(count: int) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "uuid": f"u{i}",
            "ip": f"10.{i // 65536}.{i // 256 % 256}.{i % 256}",
            "stale": i % 2 == 0,
            "logical_port": "p",
        }
        for i in range(count)
    )


ROWS = Input(
    "rows",
    Text("rows"),
    "rows",
    many=True,
    source="macs.rows",
    where={"stale": True},
    within={"ip": "prefix"},
    label="{ip}  {logical_port}",
    default="$all",
)


def test_rows_are_filtered_by_where_and_by_the_network_of_another_input() -> None:
    """Only stale rows whose address really lies in the prefix, compared as addresses, are offered."""
    table = (
        *rows(4),
        {"uuid": "x", "ip": "10.10.0.1", "stale": True},
        {"uuid": "y", "ip": "fd00::1", "stale": True},
    )
    offered = choices(ROWS, {"macs": result(tables={"rows": table})}, {"prefix": "10.0.0.0/15"})
    assert [option.value["uuid"] for option in offered.options] == ["u0", "u2"]
    assert offered.options[0].label == "10.0.0.0  p"
    assert offered.default == tuple(option.value for option in offered.options)
    assert offered.note is not None
    assert "2 of 6" in offered.note.en
    six = choices(ROWS, {"macs": result(tables={"rows": table})}, {"prefix": "fd00::/64"})
    assert [option.value["uuid"] for option in six.options] == ["y"]
    assert choices(ROWS, {"macs": result(tables={"rows": table})}, {}).options == ()


def test_fifty_thousand_rows_are_quick() -> None:
    """Filtering, labelling and validating 50,000 rows takes well under a third of a second."""
    results = {"macs": result(tables={"rows": rows(50_000)})}
    spent = []
    for _ in range(3):
        began = time.process_time()
        offered = choices(ROWS, results, {"prefix": "10.0.0.0/8"})
        assert len(validate(ROWS, "$all", offered)) == 25_000
        spent.append(time.process_time() - began)
    assert min(spent) < 0.3


def test_values_come_from_data_tables_and_rows_with_their_key() -> None:
    """A key picks the value out of mappings and each value is offered once; plain lists are offered as they are."""
    spec = Input("node", Text("n"), "node", source="macs.rows", key="target", default="$first")
    judged = result(rows=(Row("node-1", Verdict.FAIL, Text("x")), Row("node-1", Verdict.OK, Text("y"))))
    assert [option.value for option in choices(spec, {"macs": judged}, {}).options] == ["node-1"]
    plain = Input("prefix", Text("p"), "cidr", source="macs.prefixes", default="$first")
    offered = choices(plain, {"macs": result(data={"prefixes": ["10.16.0.0/16", "10.17.0.0/16"]})}, {})
    assert offered.default == "10.16.0.0/16"
    assert validate(plain, "10.16.5.0/24", offered) == "10.16.5.0/24"


def test_no_answer_is_not_an_empty_list() -> None:
    """An unknown check, or one that was not run, says why there is nothing to choose."""
    spec = Input("node", Text("n"), "node", source="macs.nodes", default="$first")
    unknown = choices(spec, {"macs": result(Verdict.UNKNOWN, reason="forbidden")}, {})
    assert unknown.note is not None
    assert "not permitted" in unknown.note.en
    assert choices(spec, {}, {}).note is not None
    assert unknown.default is None


def test_hostile_labels_are_cleaned() -> None:
    """Control sequences in cluster text never reach a label."""
    spec = Input("x", Text("x"), "choice", source="macs.names")
    offered = choices(spec, {"macs": result(data={"names": ["a\x1b[31m\nb"]})}, {})
    assert offered.options[0].label == "a b"


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("cidr", "10.16.0.0/16", "10.16.0.0/16"),
        ("cidr", "fd00:0::/64", "fd00::/64"),
        ("ip", " 10.0.0.1 ", "10.0.0.1"),
        ("int", "42", 42),
        ("name", "ovn-cluster", "ovn-cluster"),
        ("string", "中文 ok", "中文 ok"),
    ],
)
def test_good_values_become_typed(kind: str, raw: str, value: object) -> None:
    """Text becomes the type of its input, in one canonical form."""
    assert validate(Input("x", Text("x"), kind), raw, Choices()) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("cidr", "10.16.0.1/16"),
        ("cidr", "10.16."),
        ("ip", "10.0.0.256"),
        ("int", "4.5"),
        ("int", "x"),
        ("int", True),
        ("int", 100),
        ("name", "-rf"),
        ("name", "a;b"),
        ("name", "$(x)"),
        ("name", "a b"),
        ("string", "a\nb"),
        ("string", "-x"),
        ("string", ""),
        ("string", None),
    ],
)
def test_bad_values_are_refused_with_a_reason(kind: str, raw: object) -> None:
    """Wrong type, host bits, options, shell characters, line breaks, out of range."""
    spec = Input("x", Text("x"), kind, minimum=0, maximum=99)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        validate(spec, raw, Choices())
    assert caught.value.text.zh


def test_what_the_evidence_did_not_name_cannot_be_chosen() -> None:
    """Rows, nodes and choices are picked from the offer, also as text of the same value."""
    table = rows(3)
    offered = choices(
        Input("r", Text("r"), "rows", many=True, source="macs.rows"),
        {"macs": result(tables={"rows": table})},
        {},
    )
    spec = Input("r", Text("r"), "rows", many=True, source="macs.rows")
    assert validate(spec, [dict(table[1])], offered) == (table[1],)
    with pytest.raises(InputError):
        validate(spec, [{**table[1], "uuid": "other"}], offered)
    with pytest.raises(InputError):
        validate(spec, [], offered)
    node = Input("n", Text("n"), "node", source="macs.nodes")
    with pytest.raises(InputError):
        validate(node, "node-9", choices(node, {"macs": result(data={"nodes": ["node-1"]})}, {}))


def test_a_chosen_value_is_shown_as_itself_and_not_as_the_label_of_its_row() -> None:
    """A label like "{cidr}  {stale}" belongs to rows; the chosen CIDR alone has no such slots."""
    spec = Input(
        "prefix", Text("p"), "cidr", many=True, source="macs.subnets", key="cidr", label="{cidr}  {stale}"
    )
    assert label_of(spec, "10.16.0.0/16") == "10.16.0.0/16"
    assert label_of(spec, {"cidr": "10.16.0.0/16", "stale": 3}) == "10.16.0.0/16  3"


@pytest.mark.parametrize("networks", [5, None, True, {"a": 1}, "no network", [None, 7]])
def test_nothing_lies_within_what_is_no_network(networks: Any) -> None:
    """An input that holds a number, say: a guide may name any."""
    assert containment(networks)("10.16.0.5") is False
