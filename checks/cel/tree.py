"""A CEL parse tree to a Python closure over plain values, with CEL's absorption of errors by && and ||.

Closures instead of cel-python's own interpreter, for two reasons measured with cel-python 0.5: it answers
``has(missing.x)`` with false and ``1 / 2.0`` with 0, where a diagnosis needs "unknown" and 0.5; and it
takes 190 µs for ``count >= params.fail``, which a thousand nodes times forty checks would feel. Its grammar
stays the judge of what is CEL; `tests/checks/test_expr.py` compares both where cel-python follows the
specification.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.cel import values as cel
from checks.cel.values import Unknown
from kb.messages import message
from kb.said import Said
from kb.wording import listed

Bindings = Mapping[str, Any]
Code = Callable[[Bindings], Any]
MACROS = ("exists", "all", "exists_one", "filter", "map")


class NotCel(Said):
    """The text is no expression that can be used here; the text says what and why."""


@dataclass(slots=True)
class Scope:
    """What compiling learns: the free names, and which fields of them are read."""

    bound: tuple[str, ...] = ()
    names: set[str] = field(default_factory=set)
    fields: set[tuple[str, str]] = field(default_factory=set)
    matches: Callable[[Any, Any], bool] | None = None

    def inner(self, name: str) -> Scope:
        """The scope inside a macro whose variable is `name`."""
        return Scope((*self.bound, name), self.names, self.fields, self.matches)


_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "relation_eq": cel.equal,
    "relation_ne": lambda a, b: not cel.equal(a, b),
    "relation_lt": cel.less,
    "relation_le": cel.less_equal,
    "relation_gt": lambda a, b: cel.less(b, a),
    "relation_ge": lambda a, b: cel.less_equal(b, a),
    "relation_in": cel.contained,
    "addition_add": cel.add,
    "addition_sub": cel.subtract,
    "multiplication_mul": cel.multiply,
    "multiplication_div": cel.divide,
    "multiplication_mod": cel.modulo,
}


def build(tree: Any, scope: Scope) -> Code:
    """The closure of a parse tree (a lark Tree of cel-python's grammar); raises NotCel."""
    while tree.data not in _NODES and len(tree.children) == 1:
        tree = tree.children[0]
    rule = str(tree.data)
    if rule in ("expr", "conditionalor", "conditionaland") and len(tree.children) > 1:
        parts = [build(child, scope) for child in tree.children]
        if rule == "expr":
            return _choice(*parts)
        return _absorbing("||", True, *parts) if rule == "conditionalor" else _absorbing("&&", False, *parts)
    if rule in ("relation", "addition", "multiplication"):
        operator, right = tree.children
        return _binary(_BINARY[str(operator.data)], build(operator.children[0], scope), build(right, scope))
    if rule == "unary":
        operator, operand = tree.children
        return _unary(cel.invert if operator.data == "unary_not" else cel.negate, build(operand, scope))
    if rule in _NODES:
        return _NODES[rule](tree, scope)
    raise NotCel(message("cel.unsupported", what=rule))


def _unary(work: Callable[[Any], Any], operand: Code) -> Code:
    return lambda env: work(operand(env))


def _binary(work: Callable[[Any, Any], Any], left: Code, right: Code) -> Code:
    return lambda env: work(left(env), right(env))


def _truth(value: Any, operator: str) -> bool:
    if not isinstance(value, bool):
        raise cel.no_overload(operator, value)
    return value


def _absorbing(operator: str, decides: bool, left: Code, right: Code) -> Code:
    """&& (false decides) or || (true decides): the deciding side makes an error of the other irrelevant."""

    def run(env: Bindings) -> bool:
        try:
            if _truth(left(env), operator) is decides:
                return decides
        except Unknown as error:
            if _truth(right(env), operator) is decides:
                return decides
            raise error
        return _truth(right(env), operator)

    return run


def _choice(condition: Code, yes: Code, no: Code) -> Code:
    return lambda env: (yes if _truth(condition(env), "?:") else no)(env)


# --- leaves and members ---------------------------------------------------------------------------


def _ident(tree: Any, scope: Scope) -> Code:
    name = str(tree.children[0])
    if name == "null":
        return lambda env: None
    if name not in scope.bound:
        scope.names.add(name)

    def read(env: Bindings) -> Any:
        try:
            return env[name]
        except KeyError:
            raise Unknown(message("cel.not-known", name=name), name) from None

    return read


def _member_dot(tree: Any, scope: Scope) -> Code:
    owner, key = _owner_and_key(tree, scope)
    return lambda env: cel.select(owner(env), key)


def _owner_and_key(tree: Any, scope: Scope) -> tuple[Code, str]:
    owner, key = build(tree.children[0], scope), str(tree.children[1])
    root = _root(tree.children[0])
    if root and root not in scope.bound:
        scope.fields.add((root, key))
    return owner, key


def _root(tree: Any) -> str:
    """The name where the tree is nothing but one identifier."""
    while len(tree.children) == 1 and tree.data != "ident" and hasattr(tree.children[0], "data"):
        tree = tree.children[0]
    return str(tree.children[0]) if tree.data == "ident" else ""


def _member_index(tree: Any, scope: Scope) -> Code:
    return _binary(cel.select, build(tree.children[0], scope), build(tree.children[1], scope))


def _arguments(tree: Any, at: int) -> list[Any]:
    return list(tree.children[at].children) if len(tree.children) > at else []


def _call(tree: Any, scope: Scope) -> Code:
    name, arguments = str(tree.children[0]), _arguments(tree, 1)
    if name == "has":
        return _has(arguments, scope)
    work = cel.ONE_ARGUMENT.get(name)
    if work is None:
        raise NotCel(message("cel.no-function", name=name, known=listed(sorted([*cel.ONE_ARGUMENT, "has"]))))
    if len(arguments) != 1:
        raise NotCel(message("cel.one-value", name=name, count=len(arguments)))
    return _unary(work, build(arguments[0], scope))


def _has(arguments: Sequence[Any], scope: Scope) -> Code:
    tree = arguments[0] if len(arguments) == 1 else None
    while tree is not None and tree.data != "member_dot":
        only = len(tree.children) == 1 and hasattr(tree.children[0], "data")
        tree = tree.children[0] if only else None
    if tree is None:
        raise NotCel(message("cel.has-field"))
    owner, key = _owner_and_key(tree, scope)

    def present(env: Bindings) -> bool:
        value = owner(env)
        if not isinstance(value, Mapping):
            raise cel.no_overload("has()", value)
        return key in value

    return present


def _method(tree: Any, scope: Scope) -> Code:
    name, arguments = str(tree.children[1]), _arguments(tree, 2)
    owner = build(tree.children[0], scope)
    if name in MACROS:
        return _macro(name, owner, arguments, scope)
    if name in cel.METHODS_OF_NONE and not arguments:
        return _unary(cel.ONE_ARGUMENT[name], owner)
    work = scope.matches if name == "matches" else cel.METHODS_OF_ONE.get(name)
    if work is None or len(arguments) != 1:
        known = sorted([*cel.METHODS_OF_ONE, *cel.METHODS_OF_NONE, *MACROS, "matches"])
        raise NotCel(message("cel.no-method", name=name, count=len(arguments), known=listed(known)))
    return _binary(work, owner, build(arguments[0], scope))


# --- macros ---------------------------------------------------------------------------------------


def _macro(name: str, owner: Code, arguments: Sequence[Any], scope: Scope) -> Code:
    allowed = (2, 3) if name == "map" else (2,)
    if len(arguments) not in allowed:
        raise NotCel(message("cel.takes-two", name=name))
    variable = _root(arguments[0])
    if not variable:
        raise NotCel(message("cel.first-variable", name=name))
    inner = scope.inner(variable)
    codes = [build(argument, inner) for argument in arguments[1:]]
    work = _MACROS[name]

    def run(env: Bindings) -> Any:
        items = owner(env)
        if not isinstance(items, list | tuple | Mapping):
            raise cel.no_overload(f"{name}()", items)
        local = dict(env)

        def at(code: Code, item: Any) -> Any:
            local[variable] = item
            return code(local)

        return work(items, codes, at)

    return run


At = Callable[[Code, Any], Any]


def _exists(items: Any, codes: list[Code], at: At) -> bool:
    return _any(items, codes[0], at, True)


def _all(items: Any, codes: list[Code], at: At) -> bool:
    return _any(items, codes[0], at, False)


def _any(items: Any, code: Code, at: At, decides: bool) -> bool:
    error: Unknown | None = None
    for item in items:
        try:
            if _truth(at(code, item), "the condition") is decides:
                return decides
        except Unknown as unknown:
            error = error or unknown
    if error:
        raise error
    return not decides


def _exists_one(items: Any, codes: list[Code], at: At) -> bool:
    return sum(_truth(at(codes[0], item), "the condition") for item in items) == 1


def _filter(items: Any, codes: list[Code], at: At) -> list[Any]:
    return [item for item in items if _truth(at(codes[0], item), "the condition")]


def _map(items: Any, codes: list[Code], at: At) -> list[Any]:
    if len(codes) == 2:
        items = _filter(items, codes, at)
    return [at(codes[-1], item) for item in items]


_MACROS: Mapping[str, Callable[[Any, list[Code], At], Any]] = {
    "exists": _exists,
    "all": _all,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}

# --- literals -------------------------------------------------------------------------------------

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.S)


def _unescape(match: re.Match[str]) -> str:
    for group in (1, 2, 3):
        if match[group]:
            return chr(int(match[group], 16))
    if match[4]:
        return chr(int(match[4], 8))
    return _ESCAPES.get(match[5], match[5])


def _string(text: str) -> str:
    raw = text[0] in "rR"
    body = text[1:] if raw else text
    quotes = 3 if body[:3] in ('"""', "'''") else 1
    body = body[quotes:-quotes]
    return body if raw else _ESCAPE.sub(_unescape, body)


def _literal(tree: Any, scope: Scope) -> Code:
    token = tree.children[0]
    value = _constant(str(token.type), str(token))
    return lambda env: value


def _constant(type_: str, text: str) -> Any:
    if type_ in ("STRING_LIT", "MLSTRING_LIT"):
        return _string(text)
    if type_ in ("INT_LIT", "UINT_LIT"):
        digits = text.rstrip("uU")
        return int(digits, 16 if "x" in digits else 10)
    if type_ == "FLOAT_LIT":
        return float(text)
    if type_ == "BOOL_LIT":
        return text == "true"
    if type_ == "NULL_LIT":
        return None
    raise NotCel(message("cel.no-bytes"))


def _list(tree: Any, scope: Scope) -> Code:
    items = [build(child, scope) for child in _arguments(tree, 0)]
    return lambda env: [item(env) for item in items]


def _mapping(tree: Any, scope: Scope) -> Code:
    parts = [build(child, scope) for child in _arguments(tree, 0)]
    pairs = list(zip(parts[::2], parts[1::2], strict=True))

    def run(env: Bindings) -> dict[str, Any]:
        made = {key(env): value(env) for key, value in pairs}
        if not all(isinstance(key, str) for key in made):
            raise Unknown(message("cel.map-keys"))
        return made

    return run


_NODES: Mapping[str, Callable[[Any, Scope], Code]] = {
    "literal": _literal,
    "ident": _ident,
    "dot_ident": _ident,
    "member_dot": _member_dot,
    "member_dot_arg": _method,
    "member_index": _member_index,
    "ident_arg": _call,
    "list_lit": _list,
    "map_lit": _mapping,
}
