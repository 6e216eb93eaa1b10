"""A check as its declaration describes it: what it reads, needs and lets be set, and where it applies. Pure."""

from __future__ import annotations

import shlex
from typing import Any, assert_never

from checks.cluster import Resource
from checks.layout import Layout
from checks.model import (
    CheckSpec,
    EventsRead,
    ExecRead,
    HealthRead,
    ListRead,
    LogsRead,
    MetricsRead,
    PrometheusRead,
    Read,
    branches,
)
from checks.rights.permissions import of_check
from checks.rights.rbac import in_words, without_covered
from checks.specs import applicability
from checks.specs.applicability import role_of
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
    roles = list(dict.fromkeys(role for read in spec.reads.values() if (role := role_of(read))))
    optional = [
        Resource.parse(read.resource).dotted
        for read in spec.reads.values()
        if isinstance(read, ListRead) and read.optional
    ]
    optional = list(dict.fromkeys(optional))
    declared = applicability.sentences(spec.applies)
    sentences: list[Text] = [message("report.applies-roles", roles=", ".join(roles))] if roles else []
    if not sentences and not declared:
        sentences.append(message("report.applies-always"))
    sentences += declared
    if optional:
        sentences.append(message("report.applies-optional", kinds=", ".join(optional)))
    text = ("；" if lang == "zh" else "; ").join(sentence.get(lang) for sentence in sentences)
    return {
        "roles": roles,
        "optional": optional,
        "layouts": list(spec.applies.layouts),
        "kinds": list(spec.applies.kinds),
        "versions": dict(spec.applies.versions),
        "text": text,
    }


def _read_json(name: str, read: Read, lang: str) -> dict[str, Any]:
    own = {"name": name, **_branch_json(read, lang)}
    others = [_branch_json(other, lang) for other in branches(read)[1:]]
    return {**own, "or": others, "text": read_in_words(read, lang)} if others else own


def _branch_json(read: Read, lang: str) -> dict[str, Any]:
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
        case MetricsRead():
            more = {"on": read.on, "port": read.port, "path": read.path, "families": list(read.families)}
            more |= {"scheme": read.scheme or "http", "samples": read.samples}
        case PrometheusRead():
            more = {"query": read.query, "by": list(read.by), "on": read.on, "max_age": read.max_age}
        case EventsRead():
            more = {"reasons": list(read.reasons), "kinds": list(read.kinds), "namespace": read.namespace}
            more |= {"since": read.since, "normal": read.normal}
        case HealthRead():
            more = {"endpoint": read.endpoint}
        case _:
            assert_never(read)
    return {"kind": read.kind, **more, "text": _in_words(read, lang)}


def read_in_words(read: Read, lang: str) -> str:
    """One read in a line, its alternatives behind it: ``exec ovs: ovs-ofctl dump-aggregate br-int``."""
    return message("report.reads-or").get(lang).join(_in_words(branch, lang) for branch in branches(read))


def _in_words(read: Read, lang: str) -> str:
    match read:
        case ListRead():
            where = ("-n", read.namespace) if read.namespace else ()
            chosen = (*where, *(text for text in (read.labels, read.fields) if text))
            return " ".join(("list", Resource.parse(read.resource).dotted, *chosen))
        case ExecRead():
            return _sampled(f"exec {read.on}: {shlex.join(read.argv)}", read, lang)
        case LogsRead():
            return f"logs {read.on}: --tail={_number(read, 'tail', f'{read.tail}')}"
        case MetricsRead():
            text = f"metrics {read.on}: :{read.port}{read.path} {' '.join(read.families)}"
            return _sampled(text, read, lang)
        case PrometheusRead():
            return f"prometheus: {read.query}"
        case EventsRead():
            where = ("-n", read.namespace) if read.namespace else ()
            return " ".join(("events", *where, *read.kinds, *read.reasons))
        case HealthRead():
            return f"health {read.path}?verbose"
        case _:
            assert_never(read)


def _sampled(text: str, read: ExecRead | MetricsRead, lang: str) -> str:
    if read.samples == 1 and "samples" not in read.numbers:
        return text
    count, apart = _number(read, "samples", f"{read.samples}"), _number(read, "apart", f"{read.apart:g}")
    return f"{text} ({message('report.reads-samples', count=count, apart=apart).get(lang)})"


def _number(read: ExecRead | LogsRead | MetricsRead, key: str, plain: str) -> str:
    """A number, or the param that gives it."""
    return "{" + read.numbers[key] + "}" if key in read.numbers else plain
