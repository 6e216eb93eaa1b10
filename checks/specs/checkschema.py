"""The JSON Schema of ``checks/*.yaml``, for editors; built from the same tables the files are read with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checks.checktests.tests import ANSWER_KEYS, ERRORS, EXPECT_KEYS, TEST_KEYS
from checks.checktests.tests import KINDS as TEST_KINDS
from checks.model import Verdict
from checks.parse import KINDS
from checks.specs.applicability import KEYS as APPLIES_KEYS
from checks.specs.readspec import EXEC_KEYS, LIST_KEYS, LOGS_KEYS, READ_KEYS, READ_KINDS
from checks.specs.sourcespec import ENDPOINTS, EVENTS_KEYS, HEALTH_KEYS, METRICS_KEYS, PROMETHEUS_KEYS
from checks.specs.spec import COSTS, FOLDS, ID, KEYS, NAME, WORSE
from kb.jsonschema import DRAFT
from kb.messages import message

Schema = dict[str, Any]
TEXT: Schema = {"$ref": "#/$defs/text"}
NUMERIC: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\{\w+\}$"}]}
WORDS: Schema = {"type": "array", "items": {"type": "string"}}
_TYPES: dict[str, Schema] = {
    "as": {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]},
    "by": {"anyOf": [{"type": "string"}, WORDS]},
    "endpoint": {"enum": list(ENDPOINTS)},
    "families": {**WORDS, "minItems": 1},
    "kinds": WORDS,
    "max_age": NUMERIC,
    "normal": {"type": "boolean"},
    "or": {"type": "array", "items": {"$ref": "#/$defs/read"}},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "reasons": WORDS,
    "scheme": {"enum": ["http", "https"]},
    "span": NUMERIC,
    "step": NUMERIC,
    "argv": {**WORDS, "minItems": 1},
    "articles": WORDS,
    "each": {"type": "string"},
    "keep": WORDS,
    "given": {"type": "object", "additionalProperties": {"type": "string"}},
    "ok_codes": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
    "optional": {"type": "boolean"},
    "outcomes": {"type": "array", "items": {"$ref": "#/$defs/outcome"}, "minItems": 1},
    "params": {"type": "object"},
    "parse": {"$ref": "#/$defs/parse"},
    "previous": {"type": "boolean"},
    "samples": NUMERIC,
    "apart": NUMERIC,
    "since": NUMERIC,
    "tail": NUMERIC,
    "timeout": NUMERIC,
    "applies": {"$ref": "#/$defs/applies"},
    "layouts": WORDS,
    "roles": WORDS,
    "tests": {"type": "array", "items": {"$ref": "#/$defs/test"}},
    "with": {"type": "object"},
    "outs": WORDS,
    "pages": WORDS,
    "code": {"type": "integer"},
    "summary": TEXT,
    "title": TEXT,
    "why": TEXT,
}
"""Keys that hold something else than a text."""


def checks(lang: str = "en") -> Schema:
    """The schema of a file of checks, its descriptions in `lang`."""
    names = {"pattern": f"^(?:{NAME.pattern})$"}
    spec = _object("check", KEYS, lang, required=("id", "title", "why", "reads"))
    spec["properties"]["id"]["pattern"] = f"^(?:{ID.pattern})$"
    spec["properties"]["cost"]["enum"] = list(COSTS)
    spec["properties"]["fold"]["enum"] = list(FOLDS)
    spec["properties"]["worse"]["enum"] = list(WORSE)
    spec["properties"]["reads"] |= {
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {"$ref": "#/$defs/read"},
        "minProperties": 1,
    }
    spec["properties"]["measure"] |= {
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {"type": "string"},
    }
    spec["oneOf"] = [{"required": ["outcomes"]}, {"required": ["judge"]}]
    outcome = _object("outcome", ("when", "verdict", "say", "reason"), lang, required=("verdict", "say"))
    outcome["properties"]["verdict"]["enum"] = [str(verdict.value) for verdict in Verdict]
    outcome["properties"]["say"] |= TEXT
    outcome["properties"]["say"].pop("type", None)
    read = _object("read", READ_KEYS, lang)
    for kind in READ_KINDS:
        read["properties"][kind] = {
            "description": read["properties"][kind]["description"],
            "$ref": f"#/$defs/{kind}",
        }
    read["oneOf"] = [{"required": [kind]} for kind in READ_KINDS]
    return {
        "$schema": DRAFT,
        "title": "klinik check",
        "description": message("schema.check").get(lang),
        "type": "array",
        "items": spec,
        "$defs": {
            "read": read,
            "outcome": outcome,
            "exec": _object("exec", EXEC_KEYS, lang, required=("on", "argv")),
            "list": _object("list", LIST_KEYS, lang, required=("resource",)),
            "logs": _object("logs", LOGS_KEYS, lang, required=("on",)),
            "metrics": _object("metrics", METRICS_KEYS, lang, required=("on", "port", "families")),
            "prometheus": _object("prometheus", PROMETHEUS_KEYS, lang, required=("query",)),
            "events": _object("events", EVENTS_KEYS, lang),
            "health": _object("health", HEALTH_KEYS, lang, required=("endpoint",)),
            "parse": _object("parse", [*KINDS, "expect"], lang, typed=False),
            "applies": _object("applies", APPLIES_KEYS, lang),
            "text": _object("text", ("en", "zh"), lang, required=("en", "zh")),
            **_tests(lang),
        },
    }


def check_tests(lang: str = "en") -> Schema:
    """The schema of a file in ``checks/tests/``: the id of a check to the list of its tests."""
    return {
        "$schema": DRAFT,
        "title": "klinik check tests",
        "description": message("schema.check.tests").get(lang),
        "type": "object",
        "propertyNames": {"pattern": f"^(?:{ID.pattern})$"},
        "additionalProperties": {"type": "array", "items": {"$ref": "#/$defs/test"}},
        "$defs": _tests(lang),
    }


def _tests(lang: str) -> Schema:
    """What a test is made of."""
    verdict: Schema = {"type": "string", "enum": [str(verdict.value) for verdict in Verdict]}
    test = _object("test", TEST_KEYS, lang, required=("name", "kind", "facts", "expect"))
    test["properties"]["kind"]["enum"] = list(TEST_KINDS)
    whole: Schema = {"$ref": "#/$defs/answer", "required": ["error"]}
    answers: Schema = {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/answer"}, {}]}}
    test["properties"]["facts"] |= {"type": "object", "additionalProperties": {"anyOf": [answers, whole]}}
    test["properties"]["expect"] = {
        "description": test["properties"]["expect"]["description"],
        "anyOf": [verdict, {"$ref": "#/$defs/expect"}],
    }
    answer = _object("answer", ANSWER_KEYS, lang)
    answer["properties"]["error"]["enum"] = list(ERRORS)
    expect = _object("expect", EXPECT_KEYS, lang, required=("verdict",))
    expect["properties"]["verdict"] |= verdict
    expect["properties"]["value"].pop("type")
    expect["properties"]["rows"] |= {"type": "object", "additionalProperties": verdict}
    expect["properties"]["data"] |= {"type": "object"}
    return {"test": test, "answer": answer, "expect": expect}


def _object(
    name: str, keys: Iterable[str], lang: str, *, required: tuple[str, ...] = (), typed: bool = True
) -> Schema:
    properties: Schema = {}
    for key in keys:
        told = message(f"schema.check.{name}.{key}").get(lang)
        properties[key] = {"description": told, **(_TYPES.get(key, {"type": "string"}) if typed else {})}
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found
