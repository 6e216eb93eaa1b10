"""Inputs of a step: choices from evidence, and what an operator entered turned into a typed value."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.model import JSON, Result, Verdict
from checks.plans.template import SlotError, word
from checks.say import reason_text
from kb.messages import message
from kb.model import Input
from kb.safe import one_line
from kb.text import Text

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*\Z")
_LABEL_SLOT = re.compile(r"\{([A-Za-z0-9_.:-]+)\}")
_CHOSEN_ONLY = frozenset(("rows", "choice", "node"))
"""Types that exist only as something the evidence named; the others may also be typed in."""


class InputError(ValueError):
    """What was entered cannot be this input; `text` says why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that the evidence offers, and how it is shown."""

    value: JSON
    label: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What an input may be: in the order of the evidence, with the proposed default."""

    options: tuple[Choice, ...] = ()
    default: JSON = None
    note: Text | None = None
    """Why there is nothing to choose, or what was left out."""
    total: int = 0
    """Rows of the source before `where` and `within`."""


def choices(spec: Input, results: Mapping[str, Result], values: Mapping[str, JSON]) -> Choices:
    """The choices of an input from the results of the last run and the values of the inputs before it."""
    if not spec.source:
        return Choices(default=_default(spec, ()))
    alias, _, path = spec.source.partition(".")
    result = results.get(alias)
    if result is None:
        return Choices(default=_default(spec, ()), note=message("session.input-not-run", alias=alias))
    rows = source_rows(result, path)
    if result.verdict is Verdict.UNKNOWN and not rows:
        note = message("session.input-unknown", alias=alias, reason=reason_text(result.judgement.reason))
        return Choices(default=_default(spec, ()), note=note)
    kept = matching(spec, rows, values)
    options = tuple(_choices_of(spec, kept))
    remark: Text | None = None
    if result.verdict is Verdict.UNKNOWN:
        remark = message("session.input-partial", alias=alias, reason=reason_text(result.judgement.reason))
    elif not options:
        remark = message("session.input-none", total=len(rows))
    elif len(kept) < len(rows):
        remark = message("session.input-some", count=len(kept), total=len(rows))
    return Choices(options, _default(spec, options), remark, len(rows))


def matching(spec: Input, rows: Sequence[JSON], values: Mapping[str, JSON]) -> list[JSON]:
    """The rows that `where` and `within` of an input leave."""
    keep = _filter(spec, values)
    return [row for row in rows if keep(row)]


def source_rows(result: Result, path: str) -> Sequence[JSON]:
    """The list at `path` of a result: a table, a value of its data, or its rows; else empty."""
    judgement = result.judgement
    if path in judgement.tables:
        return judgement.tables[path]
    found: JSON = judgement.data
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if found is None and path == "rows":
        return [
            {"target": row.target, "verdict": row.verdict.value, "value": row.value, **row.data}
            for row in judgement.rows
        ]
    if found is None and path == "value":
        found = judgement.value
    if found is None:
        return ()
    if isinstance(found, Mapping):
        return [{"key": key, "value": value} for key, value in found.items()]
    return found if isinstance(found, (list, tuple)) else (found,)


def proposals(specs: Iterable[Input], results: Mapping[str, Result]) -> dict[str, JSON]:
    """The values that evidence and defaults propose, input after input; inputs without a proposal are left out."""
    return proposed(offers(specs, results))


def offers(specs: Iterable[Input], results: Mapping[str, Result]) -> dict[str, Choices]:
    """What every input may be by its name, where those before it are as proposed."""
    found: dict[str, Choices] = {}
    for spec in specs:
        found[spec.name] = choices(spec, results, proposed(found))
    return found


def proposed(offered: Mapping[str, Choices]) -> dict[str, JSON]:
    """The proposals among what is offered."""
    return {name: one.default for name, one in offered.items() if one.default not in (None, (), "")}


def typed_values(
    specs: Iterable[Input], results: Mapping[str, Result], raw: Mapping[str, JSON]
) -> dict[str, JSON]:
    """What was entered as typed values, proposals where nothing was; raises InputError for the first that is wrong."""
    typed: dict[str, JSON] = {}
    for spec in specs:
        offered = choices(spec, results, typed)
        typed[spec.name] = validate(spec, raw.get(spec.name, offered.default), offered)
    return typed


def validate(spec: Input, raw: JSON, offered: Choices) -> JSON:
    """The typed value of what was entered (text, choices, or ``"$all"`` …); raises InputError."""
    if raw in ("$all", "$first", "$none") and isinstance(raw, str):
        raw = _proposed(raw, spec, offered.options)
    if spec.many:
        return _many(spec, raw, offered)
    if raw is None or raw == "":
        raise InputError(message("session.input-empty", name=spec.name))
    if spec.source and spec.type in _CHOSEN_ONLY:
        return _chosen(spec, [raw], offered)[0]
    if spec.type == "string" and spec.source and offered.options:
        return _chosen(spec, [raw], offered)[0]
    return _typed(spec, raw)


def _many(spec: Input, raw: JSON, offered: Choices) -> tuple[JSON, ...]:
    if isinstance(raw, str):
        raw = [part for part in re.split(r"[,\s]+", raw) if part]
    if not isinstance(raw, (list, tuple)) or not raw:
        raise InputError(message("session.input-empty", name=spec.name))
    if spec.source:
        return _each_once(_chosen(spec, raw, offered))
    return _each_once([_typed(spec, part) for part in raw])


def _each_once(values: Sequence[JSON]) -> tuple[JSON, ...]:
    """Nothing is done twice that was named twice; of tens of thousands of rows most are told apart by identity."""
    if len({id(value) for value in values}) == len(values) and all(isinstance(v, Mapping) for v in values):
        return tuple(values)
    return tuple({_canonical(value): value for value in values}.values())


def _chosen(spec: Input, raw: Sequence[JSON], offered: Choices) -> list[JSON]:
    """The offered values that were picked; tens of thousands at once are compared by identity first."""
    known = {id(option.value) for option in offered.options}
    if all(id(value) in known for value in raw):
        return list(raw)
    by_text = {_canonical(option.value): option.value for option in offered.options}
    picked = []
    for value in raw:
        text = _canonical(value)
        if text not in by_text and not isinstance(value, Mapping):
            text = next((key for key, own in by_text.items() if str(own) == str(value)), text)
        if text not in by_text:
            shown = one_line(text if isinstance(value, Mapping) else str(value), 80)
            raise InputError(message("session.input-not-offered", name=spec.name, value=shown))
        picked.append(by_text[text])
    return picked


def _canonical(value: JSON) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _typed(spec: Input, raw: JSON) -> JSON:
    if spec.type == "int":
        return _integer(spec, raw)
    if not isinstance(raw, str):
        raise InputError(
            message("session.input-wrong", name=spec.name, value=one_line(str(raw), 80), type=spec.type)
        )
    text = raw.strip()
    try:
        word(spec.name, text)
    except SlotError as error:
        raise InputError(error.text) from None
    try:
        if spec.type == "cidr":
            return str(ipaddress.ip_network(text, strict=True))
        if spec.type == "ip":
            return str(ipaddress.ip_address(text))
    except ValueError:
        raise InputError(_wrong(spec, text)) from None
    if spec.type in ("name", "node") and not _NAME.match(text):
        raise InputError(_wrong(spec, text))
    return text


def _wrong(spec: Input, text: str) -> Text:
    return message("session.input-wrong", name=spec.name, value=one_line(text, 80), type=spec.type)


def _integer(spec: Input, raw: JSON) -> int:
    try:
        number = int(str(raw).strip()) if not isinstance(raw, bool) else None
    except ValueError:
        number = None
    if number is None:
        raise InputError(_wrong(spec, str(raw)))
    low, high = spec.minimum, spec.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        limits = f"{'' if low is None else low}..{'' if high is None else high}"
        raise InputError(message("session.input-range", name=spec.name, value=number, limits=limits))
    return number


def _choices_of(spec: Input, rows: Sequence[JSON]) -> list[Choice]:
    if spec.type == "rows" or not spec.key:
        return [Choice(row, label_of(spec, row)) for row in rows]
    seen: dict[str, Choice] = {}
    for row in rows:
        value = row.get(spec.key) if isinstance(row, Mapping) else row
        if value is not None:
            seen.setdefault(
                str(value), Choice(value, label_of(spec, row) if spec.label else one_line(str(value), 200))
            )
    return list(seen.values())


def label_of(spec: Input, row: JSON) -> str:
    """A choice as it is shown, one safe line."""
    if not isinstance(row, Mapping):
        # The chosen value of a keyed input: the label's slots are those of the row it came from.
        text = spec.label.replace("{value}", str(row)) if "{value}" in spec.label else str(row)
    elif spec.label:
        text = _LABEL_SLOT.sub(lambda match: str(_inner(row, match.group(1))), spec.label)
    else:
        text = "  ".join(str(value) for value in row.values())
    # Nearly every label is plain: the careful cleaning is for the others.
    return text if text.isprintable() and len(text) <= 200 else one_line(text, 200)


def _inner(row: Mapping[str, JSON], path: str) -> JSON:
    found: JSON = row
    if path in row:
        return row[path]
    for part in path.split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return found


def _default(spec: Input, options: tuple[Choice, ...]) -> JSON:
    if isinstance(spec.default, str) and spec.default in ("$first", "$all", "$none"):
        return _proposed(spec.default, spec, options)
    return spec.default


def _proposed(which: str, spec: Input, options: tuple[Choice, ...]) -> JSON:
    if which == "$all":
        return tuple(option.value for option in options)
    if which == "$none" or not options:
        return () if spec.many else None
    return (options[0].value,) if spec.many else options[0].value


def _filter(spec: Input, values: Mapping[str, JSON]) -> Callable[[JSON], bool]:
    tests: list[Callable[[Mapping[str, JSON]], bool]] = []
    for key, wanted in spec.where.items():
        tests.append(lambda row, key=key, wanted=wanted: _inner(row, key) == wanted)  # type: ignore[misc]
    for key, other in spec.within.items():
        inside = containment(values.get(other))
        tests.append(lambda row, key=key, inside=inside: inside(_inner(row, key)))  # type: ignore[misc]

    def keep(row: JSON) -> bool:
        if not tests:
            return True
        return isinstance(row, Mapping) and all(test(row) for test in tests)

    return keep


def containment(networks: JSON) -> Callable[[JSON], bool]:
    """Whether an address lies in one of the networks (text, or a list of them)."""
    wanted = (
        networks if isinstance(networks, list | tuple) else [networks] if isinstance(networks, str) else []
    )
    v4: list[tuple[int, int]] = []
    v6: list[ipaddress.IPv6Network] = []
    for text in wanted:
        try:
            network = ipaddress.ip_network(str(text), strict=False)
        except ValueError:
            continue
        if isinstance(network, ipaddress.IPv4Network):
            v4.append((int(network.network_address), int(network.netmask)))
        else:
            v6.append(network)

    def inside(address: JSON) -> bool:
        if not isinstance(address, str):
            return False
        number = _ipv4(address)
        if number is not None:
            return any(number & mask == base for base, mask in v4)
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in v6)

    return inside


def _ipv4(text: str) -> int | None:
    """An IPv4 address as a number, four times as quick as `ipaddress`; None for anything else."""
    parts = text.split(".")
    if len(parts) != 4:
        return None
    number = 0
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= 3):
            return None
        octet = int(part)
        if octet > 255:
            return None
        number = number << 8 | octet
    return number
