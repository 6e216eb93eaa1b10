"""JSON Schemas of the files of a knowledge base, with descriptions in the reader's language, for editors.

That of a guide is made from the pydantic models of `kb.schema`, so it cannot drift from what is read; what refers to
what (aliases, steps, inputs) is beyond a schema and is what `klinik kb lint` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kb.guiderefs import ACTIONS, ALIAS, ID
from kb.messages import area, message

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def guide(lang: str = "en") -> Schema:
    """The schema of ``guide.yaml``."""
    from kb.schema import GuideShape

    schema: Schema = GuideShape.model_json_schema(by_alias=True)
    defs: dict[str, Schema] = schema["$defs"]
    for name, definition in [("GuideShape", schema), *defs.items()]:
        definition.pop("title", None)
        definition.pop("description", None)
        for key, part in definition.get("properties", {}).items():
            part.pop("title", None)
            part["description"] = message(f"schema.{_known(name, key)}").get(lang)
    _exactly_one(defs["ActionShape"], ACTIONS)
    _exactly_one(defs["UndoPartShape"], (*ACTIONS, "recreate"))
    defs["ActionShape"]["properties"].pop("recreate")
    for name in ("SymptomShape", "CauseShape", "StepShape"):
        defs[name]["properties"]["id"]["pattern"] = f"^{ID.pattern.removesuffix(chr(92) + 'Z')}$"
    schema["properties"]["checks"]["propertyNames"] = {
        "pattern": f"^{ALIAS.pattern.removesuffix(chr(92) + 'Z')}$"
    }
    return _document(schema, "guide", lang)


def glossary(lang: str = "en") -> Schema:
    """The schema of ``glossary.yaml``."""
    expression: Schema = {"type": ["string", "number"], "maxLength": 80}
    expressions: Schema = {"anyOf": [expression, {"type": "array", "items": expression, "maxItems": 60}]}
    properties: Schema = {kind: dict(expressions) for kind in ("zh", "en", "near", "said")}
    properties["weight"] = {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.8}
    properties["replace"] = {"type": "boolean", "default": False}
    entry = _object({key: _told(f"glossary.{key}", part, lang) for key, part in properties.items()})
    entry["anyOf"] = [{"required": ["zh"]}, {"required": ["en"]}]
    classes: Schema = {
        "type": "object",
        "propertyNames": {"pattern": "^[a-z][a-z-]*$"},
        "additionalProperties": expressions,
    }
    terms: Schema = {"type": "array", "items": {"$ref": "#/$defs/entry"}}
    whole = _object(
        {"classes": _told("glossary.classes", classes, lang), "terms": _told("glossary.terms", terms, lang)}
    )
    return _document({"anyOf": [whole, terms], "$defs": {"entry": entry}}, "glossary", lang)


def front_matter(lang: str = "en") -> Schema:
    """The schema of the block between ``---`` at the head of an article; other keys are kept and not used."""
    words: Schema = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "number"]}}]
    }
    keys = ("kind", "products", "components", "ProductsVersion", "id", "tags", "title", "sourceSHA")
    parts: Schema = {key: dict(words) for key in keys}
    parts["id"] = {"type": "string", "minLength": 1}
    parts["title"] = {"type": "string"}
    parts["sourceSHA"] = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
    properties = {key: _told(f"front.{key}", part, lang) for key, part in parts.items()}
    return _document({"type": "object", "properties": properties}, "front-matter", lang)


def _document(schema: Schema, name: str, lang: str) -> Schema:
    return {
        "$schema": DRAFT,
        "title": f"klinik {name}",
        "description": message(f"schema.{name}").get(lang),
        **schema,
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _told(name: str, part: Schema, lang: str) -> Schema:
    return {"description": message(f"schema.{name}").get(lang), **part}


def _exactly_one(definition: Schema, keys: tuple[str, ...]) -> None:
    definition["oneOf"] = [{"required": [key]} for key in keys]


def _known(shape: str, key: str) -> str:
    """The catalogue's name for a property: its own, or that of every shape that has the key."""
    own = f"{shape.removesuffix('Shape').lower()}.{key}"
    return own if own in area("schema") else f"any.{key}"


def undescribed(schema: Any, where: str = "") -> Iterator[str]:
    """Paths of properties without a description: what an editor could not explain."""
    if isinstance(schema, dict):
        for key, part in schema.get("properties", {}).items():
            if not part.get("description"):
                yield f"{where}.{key}"
        for key, part in schema.items():
            yield from undescribed(part, f"{where}.{key}")
    elif isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from undescribed(part, f"{where}[{index}]")
