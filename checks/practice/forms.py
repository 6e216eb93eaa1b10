"""The forms of an answer: whole objects, their metadata alone, or a table; chosen by the Accept header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from checks.cluster import Object
from checks.practice.kinds import Kind
from checks.practice.tables import table

META = "meta.k8s.io/v1"
Shape = Literal["objects", "metadata", "table"]
_AS: dict[str, Shape] = {
    "Table": "table",
    "PartialObjectMetadata": "metadata",
    "PartialObjectMetadataList": "metadata",
}
_PARAMETER = re.compile(r"^\s*as\s*=\s*(\w+)\s*$")


@dataclass(frozen=True, slots=True)
class Form:
    """How objects shall come; `include` is what stands in the rows of a table."""

    shape: Shape = "objects"
    include: str = "Metadata"


WHOLE = Form()


def form_of(accept: str, include: str = "") -> Form:
    """The first form of an Accept header that this server has; whole objects where none is asked for."""
    for part in accept.split(","):
        media, *parameters = part.split(";")
        if media.strip() != "application/json":
            continue
        wanted = next((m[1] for p in parameters if (m := _PARAMETER.match(p))), "")
        if not wanted:
            break
        if wanted in _AS:
            return Form(_AS[wanted], include or "Metadata")
    return WHOLE


def one(form: Form, kind: Kind, obj: Object, now: float) -> Object:
    """One object in this form."""
    if form.shape == "table":
        meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
        return table(kind, [obj], meta, now=now, include=form.include)
    if form.shape == "metadata":
        return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": obj["metadata"]}
    return obj


def many(form: Form, kind: Kind, objects: Sequence[Object], meta: Object, now: float) -> Object:
    """A list in this form."""
    if form.shape == "table":
        return table(kind, objects, meta, now=now, include=form.include)
    if form.shape == "metadata":
        items = [one(form, kind, obj, now) for obj in objects]
        return {"kind": "PartialObjectMetadataList", "apiVersion": META, "metadata": meta, "items": items}
    # items of a list do not repeat their type, but for those of custom kinds
    shown = (
        objects
        if kind.custom
        else [{k: v for k, v in o.items() if k not in ("kind", "apiVersion")} for o in objects]
    )
    return {
        "kind": f"{kind.name}List",
        "apiVersion": kind.api_version,
        "metadata": meta,
        "items": list(shown),
    }
