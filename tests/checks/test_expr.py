"""CEL as klinik uses it: three-valued, order-independent, quick."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import celpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.cel import expr

BINDINGS: dict[str, Any] = {
    "one": 1,
    "half": 0.5,
    "yes": True,
    "text": "abc",
    "nothing": None,
    "params": {"warn": 50, "fail": 100},
    "macs": {"verdict": "fail", "stale_share": 0.75, "rows": 20000, "note": None},
    "pods": [{"n": 1}, {"other": 2}, {"n": 3}],
    "numbers": [1, 2.5, 3],
}


def value(text: str) -> Any:
    return expr.compile(text).value(BINDINGS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('macs.verdict == "fail" && macs.stale_share >= 0.5', True),
        ("one == 1.0", True),
        ("one < half", False),
        ("half <= 1", True),
        ("one + half", 1.5),
        ("one / 2.0", 0.5),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("double(7) / 2", 3.5),
        ('one == "1"', False),
        ("one == true", False),
        ("true in [1]", False),
        ("nothing == null", True),
        ("one != null", True),
        ("has(macs.rows)", True),
        ("has(macs.note)", True),
        ("has(macs.absent)", False),
        ('"rows" in macs', True),
        ("2.5 in numbers", True),
        ("4 in numbers", False),
        ("size(numbers) + text.size()", 6),
        ("numbers.sum()", 6.5),
        ("max(numbers)", 3),
        ("numbers.min()", 1),
        ("pods.exists(p, p.n == 3)", True),
        ("pods.all(p, p.n > 1)", False),
        ("pods.filter(p, has(p.n)).map(p, p.n * 2)", [2, 6]),
        ("pods.map(p, has(p.n), p.n)", [1, 3]),
        ("pods.exists_one(p, has(p.other))", True),
        ("numbers.exists(x, numbers.exists(y, x > y && y == 2.5))", True),
        ("yes ? one : missing", 1),
        ('{"a": [1, 2]}.a[1]', 2),
        ('macs["verdict"]', "fail"),
        ("text.startsWith('ab') && text.endsWith('c') && text.contains('b') && text.matches('^a.c$')", True),
        (r"'a\n\x41\u4e2d\\'", "a\nA中\\"),
        (r"r'\d+'", r"\d+"),
        ("int('7') + int(2.9)", 9),
        ("string(one) + 'x'", "1x"),
        ("seconds('2024-01-01T00:00:00Z')", 1704067200.0),
        ("quantity('800Mi')", 838860800.0),
        ("quantity('250m')", 0.25),
        ("!(one > 2) || false", True),
        ("-one", -1),
        ("0x10 + 1u", 17),
    ],
)
def test_expressions_come_to(text: str, expected: Any) -> None:
    """Every supported form has its value, int and double mixed freely, other types never equal."""
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "missing.verdict == 'ok'",
        "!missing",
        "missing ? 1 : 2",
        "has(missing.x)",
        "has(macs.absent.deeper)",
        "macs.absent > 1",
        "pods.exists(p, p.n == 4)",
        "pods.all(p, p.n > 0)",
        "pods.filter(p, p.n == 1)",
        "numbers[9]",
        "one > 'x'",
        "one && yes",
        "1 / 0",
        "1.0 / 0.0",
        "int('x')",
        "[].max()",
        "['a'].sum()",
        "seconds('yesterday')",
        "quantity('many')",
        "text.matches('(')",
        "one.x",
        "yes && missing",
        "missing || false",
    ],
)
def test_what_cannot_be_known_is_unknown(text: str) -> None:
    """A missing name, key or fitting value is neither true nor false."""
    with pytest.raises(expr.Unknown):
        value(text)
    assert expr.compile(text).evaluate(BINDINGS) is None


def test_a_condition_that_is_no_truth_is_unknown() -> None:
    """A number is not taken for true."""
    assert expr.compile("one").evaluate(BINDINGS) is None


def test_unknown_names_the_missing_name() -> None:
    """The reader learns which alias is missing."""
    with pytest.raises(expr.Unknown) as caught:
        value("yes && missing.value > 1")
    assert caught.value.name == "missing"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a ==", "ends|column"),
        ("a &&& b", "column 5"),
        ("", "CEL"),
        ("foo(1)", "no function foo"),
        ("a.shell('x')", "no method shell"),
        ("a.exists(1, true)", "variable"),
        ("a.exists(x)", "variable and an expression"),
        ("has(a)", "has"),
        ("b'bytes'", "byte strings"),
        ("T{x: 1}", "not supported"),
        ("!" * 3000 + "true", "nested"),
        ("1 + " * 2000 + "1", "longer"),
    ],
)
def test_broken_expressions_are_refused_when_compiled(text: str, says: str) -> None:
    """A typing error is found at load, not in the middle of an incident."""
    with pytest.raises(expr.ExpressionError, match=says):
        expr.compile(text)


def test_names_are_the_free_ones_and_fields_what_is_read_of_them() -> None:
    """Variables of macros are not names; fields are known for checking guides."""
    found = expr.compile("rows.exists(r, r.n > params.fail && has(macs.x)) || other")
    assert found.names == {"rows", "params", "macs", "other"}
    assert ("params", "fail") in found.fields
    assert ("macs", "x") in found.fields
    assert not any(root == "r" for root, _ in found.fields)


KLEENE = {"t": True, "f": False}


def kleene(tree: Any) -> bool | None:
    if isinstance(tree, str):
        return KLEENE.get(tree)
    if tree[0] == "!":
        inner = kleene(tree[1])
        return None if inner is None else not inner
    a, b = kleene(tree[1]), kleene(tree[2])
    decides = tree[0] == "||"
    if a is decides or b is decides:
        return decides
    return None if a is None or b is None else not decides


def written(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    if tree[0] == "!":
        return f"!({written(tree[1])})"
    return f"({written(tree[1])} {tree[0]} {written(tree[2])})"


TREES = st.recursive(
    st.sampled_from(["t", "f", "unknown", "u.x"]),
    lambda inner: st.tuples(st.just("!"), inner) | st.tuples(st.sampled_from(["&&", "||"]), inner, inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_logic_is_kleenes_in_every_order(tree: Any) -> None:
    """&&, || and ! answer as Kleene's tables do, whichever side is unknown."""
    assert expr.compile(written(tree)).evaluate({"t": True, "f": False}) is kleene(tree)


SIGNS = ["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]


@pytest.fixture(scope="module")
def reference() -> Iterator[dict[str, Any]]:
    """cel-python's own interpreter of ``a SIGN b``; it raises the recursion limit, which is put back."""
    limit = sys.getrecursionlimit()
    environment = celpy.Environment()
    yield {sign: environment.program(environment.compile(f"a {sign} b")) for sign in SIGNS}
    sys.setrecursionlimit(limit)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(-50, 50),
    st.integers(-50, 50),
    st.sampled_from(SIGNS),
    st.booleans(),
)
def test_agrees_with_cel_python_where_that_follows_the_specification(
    reference: dict[str, Any], a: int, b: int, sign: str, doubles: bool
) -> None:
    """On values of one type the closures answer what cel-python's own interpreter answers."""
    celpy = pytest.importorskip("celpy")
    if doubles and sign in ("%", "/"):
        return
    x, y = (float(a), float(b)) if doubles else (a, b)
    theirs: Any
    try:
        theirs = reference[sign].evaluate(celpy.json_to_cel({"a": x, "b": y}))
    except celpy.CELEvalError:
        theirs = None
    try:
        ours = expr.compile(f"a {sign} b").value({"a": x, "b": y})
    except expr.Unknown:
        ours = None
    assert (ours is None) == (theirs is None)
    if ours is not None:
        assert float(ours) == float(theirs)


def test_one_expression_serves_many_threads() -> None:
    """Evaluation shares no state: macros in several threads do not see each other's variables."""
    compiled = expr.compile("rows.map(r, r * factor).sum()")
    wrong: list[int] = []

    def work(factor: int) -> None:
        for _ in range(200):
            if compiled.value({"rows": [1, 2, 3], "factor": factor}) != 6 * factor:
                wrong.append(factor)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
