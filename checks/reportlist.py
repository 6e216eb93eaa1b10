"""A check as its declaration describes it: what it reads, needs and lets be set, and where it applies. Pure."""

from __future__ import annotations

import shlex
from typing import Any, assert_never

from checks.cluster import Resource
from checks.layout import Layout
from checks.model import CheckSpec, ExecRead, ListRead, LogsRead, Read
from checks.permissions import of_check
from checks.rbac import in_words, without_covered
from kb.messages import message
from kb.text import Text


def description(spec: CheckSpec, layout: Layout, lang: str) -> dict[str, Any]:
    """Everything that can be said of a check before it runs, its texts in `lang`."""
    needs = dict.fromkeys(of_check(spec, layout), (spec.id,))
    needed = sorted(without_covered(needs), key=lambda one: (one.verb, one.shown))
    return {
        "id": spec.id,
        "title": spec.title.get(lang),
        "why": spec.why.get(lang),
        "cost": spec.cost,
        "unit": spec.unit,
        "reads": [_read_json(name, read, lang) for name, read in spec.reads.items()],
        "permissions": [{"verb": one.verb, "resource": one.shown} for one in needed],
        "needs": in_words(needed),
        "params": dict(spec.params),
        "applies": applies(spec, lang),
        "articles": list(spec.articles),
        "path": spec.path,
    }


def applies(spec: CheckSpec, lang: str) -> dict[str, Any]:
    """The components that must be there (roles of the layout), the kinds that may be missing, and both in words."""
    roles = list(dict.fromkeys(read.on for read in spec.reads.values() if not isinstance(read, ListRead)))
    optional = [
        Resource.parse(read.resource).dotted
        for read in spec.reads.values()
        if isinstance(read, ListRead) and read.optional
    ]
    optional = list(dict.fromkeys(optional))
    sentences: list[Text] = [
        message("report.applies-roles", roles=", ".join(roles)) if roles else message("report.applies-always")
    ]
    if optional:
        sentences.append(message("report.applies-optional", kinds=", ".join(optional)))
    text = ("；" if lang == "zh" else "; ").join(sentence.get(lang) for sentence in sentences)
    return {"roles": roles, "optional": optional, "text": text}


def _read_json(name: str, read: Read, lang: str) -> dict[str, Any]:
    match read:
        case ListRead():
            more: dict[str, Any] = {
                "resource": read.resource,
                "namespace": read.namespace,
                "labels": read.labels,
                "fields": read.fields,
                "optional": read.optional,
            }
        case ExecRead():
            more = {"on": read.on, "command": list(read.argv), "samples": read.samples}
            more |= {"fallback": read.fallback} if read.fallback else {}
        case LogsRead():
            more = {"on": read.on, "tail": read.tail, "since": read.since, "previous": read.previous}
        case _:
            assert_never(read)
    return {"name": name, "kind": read.kind, **more, "text": read_in_words(read, lang)}


def read_in_words(read: Read, lang: str) -> str:
    """One read in a line: ``exec ovs: ovs-ofctl dump-aggregate br-int``."""
    match read:
        case ListRead():
            where = ("-n", read.namespace) if read.namespace else ()
            chosen = (*where, *(text for text in (read.labels, read.fields) if text))
            return " ".join(("list", Resource.parse(read.resource).dotted, *chosen))
        case ExecRead():
            text = f"exec {read.on}: {shlex.join(read.argv)}"
            if read.samples == 1 and "samples" not in read.numbers:
                return text
            count, apart = (
                _number(read, "samples", f"{read.samples}"),
                _number(read, "apart", f"{read.apart:g}"),
            )
            return f"{text} ({message('report.reads-samples', count=count, apart=apart).get(lang)})"
        case LogsRead():
            return f"logs {read.on}: --tail={_number(read, 'tail', f'{read.tail}')}"
        case _:
            assert_never(read)


def _number(read: ExecRead | LogsRead, key: str, plain: str) -> str:
    """A number, or the param that gives it."""
    return "{" + read.numbers[key] + "}" if key in read.numbers else plain
