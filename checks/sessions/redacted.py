"""A session without secrets: every text of it, before marks of Markdown or line ends can hide one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from checks.redact import redactor
from checks.sessions.session import Session
from kb.safe import printable


def redacted(session: Session) -> Session:
    """The same session with tokens for secrets, in texts without control characters."""
    clean: Session = _clean(session, redactor(session.id))
    return replace(clean, id=session.id)


def named(values: Mapping[str, Any], redact: Callable[[str], str]) -> dict[str, Any]:
    """Values without those whose name says that they are secret: ``password``, ``api_token``."""
    return {key: _by_name(key, value, redact) for key, value in values.items()}


def _by_name(name: str, value: Any, redact: Callable[[str], str]) -> Any:
    if not isinstance(value, str):
        return value
    head = f"{name}="
    told = redact(head + value)
    return told[len(head) :] if told.startswith(head) else value


def _clean(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(printable(value))
    if isinstance(value, Mapping):
        return {key: _clean(inner, redact) for key, inner in named(value, redact).items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_clean(inner, redact) for inner in value)
    if is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _clean(getattr(value, one.name), redact) for one in fields(value)}
        return replace(value, **own)
    return value
