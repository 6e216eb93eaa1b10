"""The JSON Schema of ``config.yaml``, for editors; built from the same tables the file is read with."""

from __future__ import annotations

from typing import Any

from checks.layout import PRESETS, ROLE_KEYS
from checks.settings import KEYS, LAYOUT_KEYS, LIMIT_KEYS, MOST_AT_ONCE, PROMETHEUS_KEYS, SECTION_KEYS
from checks.specs.spec import ID
from kb.jsonschema import DRAFT
from kb.messages import message

Schema = dict[str, Any]
NAMES: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_TYPES: dict[str, Schema] = {
    "layout": {"anyOf": [{"type": "string", "enum": list(PRESETS)}, {"$ref": "#/$defs/layout"}]},
    "checks": {
        "type": "object",
        "propertyNames": {"pattern": f"^(?:{ID.pattern})$"},
        "additionalProperties": {"type": "object"},
    },
    "prometheus": {"$ref": "#/$defs/prometheus"},
    "production": {"type": "boolean"},
    "limits": {"$ref": "#/$defs/limits"},
    "watch": {"type": "string", "pattern": r"^(\d+(\.\d+)?[wdhms])+$"},
    **{key: {"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE} for key in LIMIT_KEYS},
    "contexts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/section"}},
    "preset": {"type": "string", "enum": list(PRESETS)},
    "roles": {"type": "object", "additionalProperties": {"$ref": "#/$defs/role"}},
    "labels": NAMES,
    "marks": NAMES,
    "match": NAMES,
    "per": {"type": "string", "enum": ["node", "pod"]},
    "pick": {"type": "string", "enum": ["all", "one"]},
    "stays": {"type": "boolean"},
}
"""Keys that hold something else than a text."""


def settings(lang: str = "en") -> Schema:
    """The schema of a file of settings, its descriptions in `lang`."""
    prometheus = _object(PROMETHEUS_KEYS, lang)
    prometheus["oneOf"] = [{"required": ["service"]}, {"required": ["url"]}]
    return {
        "$schema": DRAFT,
        "title": "klinik settings",
        "description": message("schema.settings").get(lang),
        **_object(KEYS, lang),
        "$defs": {
            "section": _object(SECTION_KEYS, lang),
            "layout": _object(LAYOUT_KEYS, lang),
            "role": _object(ROLE_KEYS, lang),
            "prometheus": prometheus,
            "limits": _object(LIMIT_KEYS, lang),
        },
    }


def _object(keys: tuple[str, ...], lang: str) -> Schema:
    properties = {
        key: {
            "description": message(f"schema.settings.{key}").get(lang),
            **_TYPES.get(key, {"type": "string"}),
        }
        for key in keys
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}
