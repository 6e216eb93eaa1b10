"""Pydantic's findings about a guide, said in klinik's words with the line of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from kb.findings import finding, nearest
from kb.messages import message
from kb.problem import Problem
from kb.schema import GuideShape, Shape, TextShape
from kb.text import Text
from kb.yamlfile import DataPath, Document

EXPECTED = {
    "string_type": "kb.want.text",
    "int_type": "kb.want.whole",
    "float_type": "kb.want.seconds",
    "bool_type": "kb.want.truth",
    "list_type": "kb.want.list",
    "dict_type": "kb.want.mapping",
}


def check(document: Document) -> tuple[GuideShape | None, list[Problem]]:
    """The guide's shape, or what is wrong with it."""
    try:
        return GuideShape.model_validate(document.data), []
    except ValidationError as error:
        return None, [_problem(document, dict(found)) for found in error.errors(include_url=False)]


def _problem(document: Document, found: dict[str, Any]) -> Problem:
    where: DataPath = found["loc"]
    path, line, code = document.path, document.line(where), found["type"]
    key = _name(where)
    if code == "extra_forbidden":
        return finding(path, line, "guide.unknown-key", key=key, hint=nearest(key, _keys_at(where[:-1])))
    if code == "missing":
        if key in ("en", "zh") and _shape_at(where[:-1]) is TextShape:
            return finding(path, line, "guide.missing-language", lang=key)
        return finding(path, line, "guide.missing", key=key)
    if code in ("model_type", "model_attributes_type"):
        shape = _shape_at(where)
        if shape is TextShape:
            return finding(path, line, "guide.not-text")
        expected = (
            message("kb.want.mapping-with", keys=", ".join(_keys(shape)))
            if shape
            else message(EXPECTED["dict_type"])
        )
        return finding(path, line, "guide.type", key=key, found=_kind(found["input"]), expected=expected)
    if code in EXPECTED:
        shown = _kind(found["input"])
        return finding(path, line, "guide.type", key=key, found=shown, expected=message(EXPECTED[code]))
    if code == "literal_error":
        known = found["ctx"]["expected"].replace("'", "")
        return finding(path, line, "guide.type", key=key, found=_kind(found["input"]), expected=known)
    return finding(path, line, "guide.value", key=key, detail=found["msg"])


def _name(where: DataPath) -> str:
    """A key as its author knows it: ``fix``, or for an item of a list ``fix[2]``."""
    if not where:
        return "guide"
    if isinstance(where[-1], int) and len(where) > 1:
        return f"{where[-2]}[{where[-1]}]"
    return str(where[-1])


def _kind(value: object) -> Text | str:
    if value is None:
        return message("kb.is.empty")
    if isinstance(value, dict):
        return message("kb.is.mapping")
    if isinstance(value, list):
        return message("kb.is.list")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _keys(shape: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]


def _keys_at(where: Iterable[str | int]) -> list[str]:
    shape = _shape_at(where)
    return _keys(shape) if shape else []


def _shape_at(where: Iterable[str | int]) -> type[BaseModel] | None:
    """The model that describes what stands at `where` in a guide."""
    current: Any = GuideShape
    for part in where:
        if isinstance(current, type) and issubclass(current, Shape):
            fields = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
            current = _bare(fields.get(str(part)))
        else:
            inside = get_args(current)
            current = _bare(inside[-1]) if get_origin(current) in (list, dict) and inside else None
    return current if isinstance(current, type) and issubclass(current, Shape) else None


def _bare(annotation: Any) -> Any:
    """An annotation without ``| None``."""
    options = [option for option in get_args(annotation) if option is not type(None)]
    if type(None) in get_args(annotation) and len(options) == 1:
        return options[0]
    return annotation
