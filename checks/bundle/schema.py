"""The manifest and the index of calls of a bundle file, validated: a bundle comes from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from checks.bundle.tape import WORDS, Answered, Call, Failure
from kb.messages import message
from kb.said import Said, quoted
from kb.text import Text
from kb.wording import explained, sentences

FORMAT = "klinik-bundle"
VERSION = 1
"""Raised when an older klinik could misread the file."""


@lru_cache(maxsize=1)
def _models() -> tuple[Any, Any]:
    """The pydantic models, made on first use: importing pydantic takes 100 ms."""
    from pydantic import BaseModel, ConfigDict, Field

    class Strict(BaseModel):
        model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)

    class Both(Strict):
        en: str = Field("", max_length=20_000)
        zh: str = Field("", max_length=20_000)

    class Cluster(Strict):
        context: str = Field(max_length=500)
        server: str = Field(max_length=2_000)
        user: str = Field("", max_length=500)
        namespace: str = Field("default", max_length=300)
        practice: str = Field("", max_length=300)
        production: bool = False
        pace: float = Field(1.0, gt=0, le=1000)

    class Verdict(Strict):
        alias: str = Field(max_length=500)
        check: str = Field(max_length=500)
        params: dict[str, Any] = Field(default_factory=dict)
        verdict: str = Field(max_length=20)
        reason: str = Field("", max_length=50)
        summary: Both = Both(en="", zh="")
        value: Any = None

    class Manifest(Strict):
        format: str
        version: int
        klinik: str = Field("", max_length=50)
        collected_at: float = Field(gt=0, lt=2.5e11)
        cluster: Cluster
        settings: dict[str, Any] = Field(default_factory=dict)
        article: str = Field("", max_length=300)
        names_masked: bool = False
        addresses_masked: bool = False
        calls: int = Field(ge=0)
        left_out: list[list[str]] = Field(default_factory=list)
        verdicts: list[Verdict] = Field(default_factory=list)
        changed: list[str] = Field(default_factory=list)

    class Error(Strict):
        type: str = Field(max_length=50)
        text: Both
        verb: str = ""
        resource: str = ""
        namespace: str = ""
        name: str = ""

    class Line(Strict):
        call: list[str] = Field(min_length=1, max_length=4200)
        at: float
        body: str = Field("", pattern=r"^(bodies/\d{1,9}\.(json|txt))?$")
        sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")
        error: Error | None = None
        code: int = 0
        stderr: str = Field("", max_length=200_000)

    return Manifest, Line


class Invalid(Said, ValueError):
    """What is wrong, one sentence per place."""

    def __init__(self, wrong: Iterable[Text]) -> None:
        super().__init__(sentences(wrong))


def read_manifest(data: Any) -> Any:
    """The manifest as a model; raises Invalid naming every mistake."""
    return _checked(_models()[0], data)


def read_line(data: Any) -> tuple[Call, Answered, str, str]:
    """A line of the index: the call, the answer without its body, the body's member and its SHA-256; raises Invalid."""
    line = _checked(_models()[1], data)
    call = tuple(line.call)
    least, most = WORDS.get(call[0], (1, 0))
    if not least <= len(call) <= most:
        raise Invalid([message("bundle.words", kind=repr(call[0]), count=len(call))])
    error = line.error
    failure = error and Failure(
        error.type,
        Text(error.text.en, error.text.zh),
        error.verb,
        error.resource,
        error.namespace,
        error.name,
    )
    if (failure is None) != bool(line.body):
        raise Invalid([message("bundle.body-or-error")])
    return call, Answered(line.at, None, failure, line.code, line.stderr), line.body, line.sha256


def line_of(call: Call, answered: Answered, body: str, sha256: str) -> dict[str, Any]:
    """A line of the index as data."""
    line: dict[str, Any] = {"call": list(call), "at": answered.at}
    if answered.failure is not None:
        failure = answered.failure
        text = {"en": failure.text.en, "zh": failure.text.zh}
        where = {
            "verb": failure.verb,
            "resource": failure.resource,
            "namespace": failure.namespace,
            "name": failure.name,
        }
        return {**line, "error": {"type": failure.type, "text": text, **where}}
    line |= {"body": body, "sha256": sha256}
    if answered.code:
        line["code"] = answered.code
    if answered.stderr:
        line["stderr"] = answered.stderr
    return line


def _checked(model: Any, data: Any) -> Any:
    from pydantic import ValidationError

    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(
            explained(".".join(map(str, e["loc"])) or "-", quoted(e["msg"]))
            for e in error.errors(include_input=False)
        ) from None
