"""``--set CHECK.PARAM=VALUE``: thresholds for one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kb.messages import message
from tui.cli.failures import USAGE, Stop
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.catalogue import Catalogue


def settings(given: Iterable[str], catalogue: Catalogue, running: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Params by check id; Stop (wrong usage) names what does not fit, and what would."""
    found: dict[str, dict[str, Any]] = {}
    ids = set(running)
    for text in given:
        place, equals, value = text.partition("=")
        check, dot, name = place.strip().rpartition(".")
        if not equals or not dot or not check or not name:
            raise _wrong("bad-set", value=text, example="ovs.flow-count.warn=60000")
        if check not in ids:
            raise _wrong("set-no-check", value=text, check=check)
        params = catalogue.get(check).params
        if name not in params:
            known = ", ".join(params) or message("report.none")
            raise _wrong("set-no-param", value=text, check=check, name=name, known=known)
        found.setdefault(check, {})[name] = _value(text, value.strip(), name, params)
    return found


def _value(text: str, value: str, name: str, params: Mapping[str, Any]) -> Any:
    """The value in the kind of its default."""
    from kb.yamlfile import plain

    default = params[name]
    if isinstance(default, str):
        return value
    if isinstance(default, list | tuple):
        return [plain(one.strip()) for one in value.split(",") if one.strip()]
    read = plain(value)
    numbers = isinstance(default, int | float) and isinstance(read, int | float)
    if isinstance(default, bool) != isinstance(read, bool) or not (
        numbers or isinstance(read, type(default))
    ):
        raise _wrong("set-type", value=text, name=name, default=default)
    return read


def _wrong(key: str, **words: Any) -> Stop:
    return Stop(message(f"report.{key}", **words).get(help_language()), USAGE)
