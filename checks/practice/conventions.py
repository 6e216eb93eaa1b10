"""What a stock API server holds true of any object and of the options of a write (pure functions of values).

Rules and wordings: Kubernetes 1.28, k8s.io/apimachinery ``pkg/api/validation``, ``pkg/apis/meta/v1/validation`` and
``pkg/util/validation``. What is refused raises Invalid (422), what cannot be read BadRequest (400).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from checks.cluster import Object, Resource
from checks.practice.failures import BadRequest, invalid
from checks.practice.kinds import Kind

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
LONGEST_MANAGER = 128
_LONGEST_NAME, _LONGEST_LABEL = 253, 63
_LONGEST_ANNOTATIONS = 256 * 1024
_OWNER = ("apiVersion", "kind", "name", "uid")
_SEGMENTS = ("clusterroles", "clusterrolebindings", "roles", "rolebindings", "events")
"""Kinds whose names only have to be one segment of a path."""
_META = Resource("meta.k8s.io", "v1", "options")
_VALIDATIONS = ("", "Ignore", "Warn", "Strict")
_POLICIES = ("", "Orphan", "Background", "Foreground")


def check_name(kind: Kind, name: str) -> None:
    """Raises Invalid for a name that objects of this kind cannot have."""
    why = wrong_name(kind.resource.plural, name)
    if why:
        raise invalid(kind.resource, kind.name, name, f'metadata.name: Invalid value: "{name}": {why}')


def wrong_name(plural: str, name: str) -> str:
    """What is wrong with a name, empty where nothing is."""
    if plural in _SEGMENTS:
        bad = name in (".", "..") or any(mark in name for mark in "/%")
        return "may not be '.' or '..', or contain '/' or '%'" if bad else ""
    if plural == "namespaces":
        fits, rule = _fits(LABEL, name, _LONGEST_LABEL), "a lowercase RFC 1123 label"
    elif plural == "services":
        fits, rule = _fits(LABEL_1035, name, _LONGEST_LABEL), "a DNS-1035 label"
    else:
        fits, rule = _fits(SUBDOMAIN, name, _LONGEST_NAME), "a lowercase RFC 1123 subdomain"
    return "" if fits else f"{rule} must consist of lower case alphanumeric characters, '-' or '.'"


def _fits(pattern: re.Pattern[str], text: str, longest: int) -> bool:
    return len(text) <= longest and pattern.fullmatch(text) is not None


def check_meta(kind: Kind, obj: Object) -> None:
    """Raises Invalid for labels, annotations, finalizers or owners that no object may have."""
    meta = obj["metadata"]
    for why in wrong_meta(meta):
        raise invalid(kind.resource, kind.name, str(meta.get("name", "")), why)


def check_versioned(kind: Kind, obj: Object) -> None:
    """Raises Invalid for an update that would overwrite whatever is there, where the kind does not allow that."""
    if (kind.custom or kind.resource.plural == "leases") and not obj["metadata"].get("resourceVersion"):
        why = "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"
        raise invalid(kind.resource, kind.name, str(obj["metadata"].get("name", "")), why)


def wrong_meta(meta: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the metadata of an object, as ``field: Invalid value: …``."""
    for key, value in (meta.get("labels") or {}).items():
        if not is_qualified(key):
            yield f'metadata.labels: Invalid value: "{key}": a qualified name is required'
        if not is_label_value(value):
            yield f'metadata.labels: Invalid value: "{value}": a valid label must be an empty string or consist of …'
    annotations = meta.get("annotations") or {}
    for key in annotations:
        if not is_qualified(key.lower()):
            yield f'metadata.annotations: Invalid value: "{key}": a qualified name is required'
    if (
        sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
        > _LONGEST_ANNOTATIONS
    ):
        yield f"metadata.annotations: Too long: must have at most {_LONGEST_ANNOTATIONS} bytes"
    for finalizer in meta.get("finalizers") or ():
        if not is_qualified(finalizer):
            yield f'metadata.finalizers: Invalid value: "{finalizer}": a qualified name is required'
    yield from _wrong_owners(meta.get("ownerReferences") or ())


def _wrong_owners(owners: Any) -> Iterator[str]:
    for at, owner in enumerate(owners):
        for field in _OWNER:
            if not isinstance(owner, dict) or not owner.get(field):
                yield f"metadata.ownerReferences[{at}].{field}: Required value: must not be empty"
    if sum(bool(isinstance(owner, dict) and owner.get("controller")) for owner in owners) > 1:
        yield "metadata.ownerReferences: Invalid value: Only one reference can have Controller set to true"


def is_qualified(key: str) -> bool:
    """Whether this may be the key of a label or annotation, or a finalizer: ``[prefix/]name``."""
    prefix, slash, name = key.rpartition("/")
    return (not slash or _fits(SUBDOMAIN, prefix, _LONGEST_NAME)) and _fits(QUALIFIED, name, _LONGEST_LABEL)


def is_label_value(value: str) -> bool:
    """Whether this may be the value of a label."""
    return not value or _fits(QUALIFIED, value, _LONGEST_LABEL)


# --- options


def check_options(kind: str, query: Mapping[str, str], *, apply: bool = False) -> None:
    """Raises Invalid for what a write of this ``CreateOptions``, ``PatchOptions`` … may not ask for."""
    for why in wrong_options(query, apply=apply):
        raise invalid(_META, kind, "", why)


def wrong_options(query: Mapping[str, str], *, apply: bool) -> Iterator[str]:
    """What is wrong with the options in a query, as ``field: Invalid value: …``."""
    if query.get("dryRun", "") not in ("", "All"):
        yield f'dryRun: Unsupported value: []string{{"{query["dryRun"]}"}}: supported values: "All"'
    manager = query.get("fieldManager", "")
    if len(manager.encode()) > LONGEST_MANAGER:
        yield f"fieldManager: Too long: may not be longer than {LONGEST_MANAGER}"
    if not manager.isprintable():
        yield f'fieldManager: Invalid value: "{manager!r}": should only contain printable characters'
    if apply and not manager:
        yield "fieldManager: Required value: is required for apply patch"
    if not apply and query.get("force", "") == "true":
        yield "force: Forbidden: may not be specified for non-apply patch"
    if query.get("fieldValidation", "") not in _VALIDATIONS:
        yield f'fieldValidation: Unsupported value: "{query["fieldValidation"]}"'


def delete_options(body: Object, query: Mapping[str, str]) -> Object:
    """The options of a deletion: those of the body where there is one, else those of the query, as the server does."""
    if not body:
        found: Object = {
            key: query[key] for key in ("gracePeriodSeconds", "propagationPolicy") if key in query
        }
        options = found | ({"dryRun": [query["dryRun"]]} if query.get("dryRun") else {})
    else:
        options = body
    if options.get("kind", "DeleteOptions") != "DeleteOptions":
        raise BadRequest(
            f'no kind "{options["kind"]}" is registered for version "{options.get("apiVersion")}"'
        )
    preconditions = options.get("preconditions") or {}
    texts = (
        [preconditions.get(key) for key in ("uid", "resourceVersion")]
        if isinstance(preconditions, dict)
        else [0]
    )
    if not all(text is None or isinstance(text, str) for text in texts):
        raise BadRequest("DeleteOptions cannot be handled: json: cannot unmarshal preconditions")
    grace = options.get("gracePeriodSeconds")
    if grace is not None and not re.fullmatch(r"-?\d+", str(grace)):
        raise BadRequest("DeleteOptions cannot be handled: json: cannot unmarshal gracePeriodSeconds")
    if options.get("dryRun") not in (None, [], ["All"]):
        raise invalid(_META, "DeleteOptions", "", f"dryRun: Unsupported value: {options['dryRun']}")
    if options.get("propagationPolicy", "") not in _POLICIES:
        shown = f'propagationPolicy: Unsupported value: "{options["propagationPolicy"]}"'
        raise invalid(_META, "DeleteOptions", "", shown)
    return options
