"""The JSON Schemas: they accept what klinik ships, refuse what it refuses, and explain every key."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.settingsschema import settings
from checks.specs.checkschema import check_tests, checks
from kb import jsonschema, yamlfile
from kb.frontmatter import split
from kb.paths import ASSETS
from tests.checks.test_settings import WHOLE

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}
GUIDES = sorted((ASSETS / "articles").glob("*/guide.yaml"))
MAKERS = {
    "guide": jsonschema.guide,
    "check": checks,
    "check-tests": check_tests,
    "glossary": jsonschema.glossary,
    "front": jsonschema.front_matter,
    "settings": settings,
}


def errors(schema: dict[str, Any], value: Any, whole: dict[str, Any], where: str = "") -> Iterator[str]:
    """What the keywords of JSON Schema that ours use say against a value; no other keyword is let through."""
    known = {
        *(
            "$schema",
            "title",
            "description",
            "default",
            "$defs",
            "$ref",
            "type",
            "enum",
            "const",
            "anyOf",
            "oneOf",
        ),
        *(
            "properties",
            "required",
            "additionalProperties",
            "propertyNames",
            "minProperties",
            "items",
            "minItems",
        ),
        *("maxItems", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMaximum"),
    }
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        yield from errors(whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, whole, where)
    types = schema.get("type", list(TYPES))
    if not any(
        isinstance(value, TYPES[t]) and not (t in ("number", "integer") and isinstance(value, bool))
        for t in ([types] if isinstance(types, str) else types)
    ):
        yield f"{where}: {value!r} is no {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} not in {schema['enum']}"
    for word, wanted in (("anyOf", (1, 99)), ("oneOf", (1, 1))):
        if word in schema:
            good = sum(not list(errors(part, value, whole, where)) for part in schema[word])
            if not wanted[0] <= good <= wanted[1]:
                yield f"{where}: {good} of {word} fit {value!r}"
    if isinstance(value, dict):
        yield from in_object(schema, value, whole, where)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9):
            yield f"{where}: {len(value)} items"
        for index, item in enumerate(value):
            yield from errors(schema.get("items", {}), item, whole, f"{where}[{index}]")
    elif isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9):
            yield f"{where}: {len(value)} characters"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where}: {value!r} does not match {schema['pattern']}"
    elif isinstance(value, int | float) and (
        not schema.get("minimum", value) <= value <= schema.get("maximum", value)
        or value >= schema.get("exclusiveMaximum", value + 1)
    ):
        yield f"{where}: {value} is out of range"


def in_object(
    schema: dict[str, Any], value: dict[str, Any], whole: dict[str, Any], where: str
) -> Iterator[str]:
    for key in schema.get("required", []):
        if key not in value:
            yield f"{where}: {key} is missing"
    if len(value) < schema.get("minProperties", 0):
        yield f"{where}: too few keys"
    for key, part in value.items():
        names = schema.get("propertyNames")
        if names and list(errors(names, key, whole, where)):
            yield f"{where}: {key} is no name"
        if key in schema.get("properties", {}):
            yield from errors(schema["properties"][key], part, whole, f"{where}.{key}")
        else:
            rest = schema.get("additionalProperties", True)
            if rest is False:
                yield f"{where}: unknown key {key}"
            elif isinstance(rest, dict):
                yield from errors(rest, part, whole, f"{where}.{key}")


def data(path: Path) -> Any:
    document = yamlfile.load(path)
    assert not document.problems
    return document.data


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.parent.name)
def test_the_shipped_guides_fit(path: Path) -> None:
    schema = jsonschema.guide()
    assert list(errors(schema, data(path), schema)) == []


@pytest.mark.parametrize("path", sorted((ASSETS / "checks").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_checks_fit(path: Path) -> None:
    schema = checks()
    assert list(errors(schema, data(path), schema)) == []


def test_the_shipped_glossary_and_front_matter_fit() -> None:
    schema = jsonschema.glossary()
    assert list(errors(schema, data(ASSETS / "glossary.yaml"), schema)) == []
    schema = jsonschema.front_matter()
    for path in (ASSETS / "articles").glob("*/*.md"):
        front = split(path.read_text(encoding="utf-8"), str(path)).data
        assert front
        assert list(errors(schema, dict(front), schema)) == []


def test_settings_that_can_be_read_fit() -> None:
    schema = settings()
    for text in (WHOLE, "layout: openvswitch\n", "{}"):
        assert list(errors(schema, yamlfile.parse(text, "config.yaml").data, schema)) == []


def broken_guide(change: str) -> Any:
    guide = copy.deepcopy(data(GUIDES[0]))
    step = guide["steps"][0]
    match change:
        case "unknown key":
            guide["causess"] = []
        case "no symptoms":
            guide["symptoms"] = []
        case "missing language":
            del guide["causes"][0]["text"]["zh"]
        case "two actions":
            step["action"] = {"wait": {"seconds": 1}, "manual": {"instruction": {"en": "e", "zh": "z"}}}
        case "no action":
            step["action"] = {}
        case "recreate as action":
            step["action"] = {"recreate": {}}
        case "bad id":
            guide["causes"][0]["id"] = "Not An Id"
        case "bad alias":
            guide["checks"]["not-an-alias"] = {"use": "a.b"}
        case "bad risk":
            step["risk"] = "mild"
        case "number for text":
            guide["fixed_in"] = {"kube-ovn": [1.13]}
    return guide


@pytest.mark.parametrize(
    "change",
    [
        *("unknown key", "no symptoms", "missing language", "two actions", "no action", "recreate as action"),
        *("bad id", "bad alias", "bad risk", "number for text"),
    ],
)
def test_a_broken_guide_does_not_fit(change: str) -> None:
    schema = jsonschema.guide()
    assert list(errors(schema, broken_guide(change), schema))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "check",
            [{"id": "a.b", "title": {"en": "e", "zh": "z"}, "why": {"en": "e", "zh": "z"}, "reads": {}}],
        ),
        ("check", {"id": "a.b"}),
        ("check", [{"id": "nodot"}]),
        ("glossary", [{"near": ["x", "y"]}]),
        ("glossary", [{"zh": "子网", "en": "subnet", "weight": 1}]),
        ("glossary", {"words": []}),
        ("settings", {"layout": "cilium"}),
        ("settings", {"prometheus": {}}),
        ("settings", {"contexts": {"a": {"contexts": {}}}}),
        ("settings", {"layout": {"roles": {"ovs": {"per": "host"}}}}),
        ("front", {"sourceSHA": "abc"}),
        ("front", {"kind": {"a": 1}}),
        ("front", ["kind"]),
    ],
)
def test_other_broken_files_do_not_fit(name: str, value: Any) -> None:
    schema = MAKERS[name]("en")
    assert list(errors(schema, value, schema))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", MAKERS)
def test_every_key_is_explained_in_both_languages(name: str, lang: str) -> None:
    schema = MAKERS[name](lang)
    assert list(jsonschema.undescribed(schema)) == []
    chinese = any("\u4e00" <= c <= "\u9fff" for c in schema["description"])
    assert chinese == (lang == "zh")


def test_messages_about_schemas_are_all_used() -> None:
    from kb.messages import area

    said = {text.en for text in area("schema").values()}
    shown = {part for make in MAKERS.values() for part in descriptions(make("en"))}
    assert said == shown


def descriptions(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("description"), str):
            yield schema["description"]
        for part in schema.values():
            yield from descriptions(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from descriptions(part)
