"""Which lines of kubectl klinik runs itself: verbs and options that are known to only read, and no Secrets. Pure.

Sources: ``kubectl help VERB`` of 1.20 to 1.34. The options that say which cluster and who asks are klinik's own.
A verb that is not in the table may be a plugin of that name, or write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.local.inside import may_run_inside
from checks.local.options import NotLocal, Parted, Table, part, table
from kb.messages import message

PROGRAM = "kubectl"
OWN = frozenset(
    (
        *("--context", "--cluster", "--user", "--server", "-s", "--token", "--kubeconfig", "--kuberc"),
        *("--as", "--as-group", "--as-uid", "--as-user-extra", "--username", "--password"),
        *("--certificate-authority", "--client-certificate", "--client-key", "--tls-server-name"),
        "--insecure-skip-tls-verify",
    )
)
"""Which cluster, and as whom: what klinik is connected with counts, and nothing that an article says."""
_ANY = table("", "-n --namespace --request-timeout")
_PICK = _ANY.with_more("", "-l --selector --field-selector")
_VERBS: Mapping[str, Table] = {
    "get": _PICK.with_more(
        "-A --all-namespaces --no-headers --show-labels --show-kind --ignore-not-found -w --watch --watch-only"
        " --show-managed-fields --output-watch-events --server-print",
        "-o --output --sort-by --chunk-size -L --label-columns --subresource --template --raw",
    ),
    "describe": _PICK.with_more("-A --all-namespaces --show-events", "--chunk-size"),
    "logs": _PICK.with_more(
        "-f --follow -p --previous --all-containers --all-pods --timestamps --prefix --ignore-errors",
        "-c --container --tail --since --since-time --limit-bytes --max-log-requests --pod-running-timeout",
    ),
    "top": _PICK.with_more(
        "-A --all-namespaces --containers --no-headers --sum --use-protocol-buffers --show-capacity",
        "--sort-by",
    ),
    "events": _ANY.with_more("-A --all-namespaces --no-headers -w --watch", "--for --types -o --output"),
    "version": _ANY.with_more("--client --short", "-o --output"),
    "api-resources": _ANY.with_more(
        "--namespaced --no-headers --cached", "--api-group -o --output --sort-by --verbs --categories"
    ),
    "api-versions": _ANY,
    "explain": _ANY.with_more("--recursive", "--api-version -o --output"),
    "cluster-info": _ANY,
    "wait": _PICK.with_more("-A --all-namespaces --all", "--for --timeout -o --output"),
    "rollout": _PICK.with_more("-w --watch", "--timeout --revision -o --output"),
    "auth": _ANY.with_more("-A --all-namespaces --list -q --quiet --no-headers", "--subresource -o --output"),
    "exec": _ANY.with_more("-i --stdin -t --tty -q --quiet", "-c --container --pod-running-timeout"),
}
_SUBVERBS: Mapping[str, frozenset[str]] = {
    "rollout": frozenset(("status", "history")),
    "auth": frozenset(("can-i", "whoami")),
    "top": frozenset(("pod", "pods", "po", "node", "nodes", "no")),
}
_TERMINAL = frozenset(("-i", "--stdin", "-t", "--tty", "-q", "--quiet"))
_READING = frozenset(("get", "describe", "events", "wait", "logs", "rollout", "top"))
"""Verbs whose words name what is read."""
_FORMS = re.compile(
    r"wide|yaml|json|name|(?:jsonpath|jsonpath-as-json|go-template|custom-columns)(?:=.*)?|plaintext|plaintext-openapiv2",
    re.S,
)
"""Output forms that read no file of this machine."""
_RAW = re.compile(r"/(?:version|metrics|apis?|(?:healthz|livez|readyz)(?:/[\w.-]+)*)/?(?:\?verbose)?")
"""Paths of the API server that tell of itself; any other may be a Secret, or run something by being read."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The words behind ``kubectl`` as they may be run, and whether they say which namespaces they are about."""

    words: tuple[str, ...]
    scoped: bool


def may_run(words: Sequence[str]) -> Kubectl:
    """The line as it may be run: as it is, but without a terminal; raises NotLocal."""
    at = _verb_at(words)
    verb, rest = (words[at], (*words[:at], *words[at + 1 :])) if at < len(words) else ("", ())
    known = _VERBS.get(verb)
    if known is None:
        raise NotLocal(message("localrun.verb", verb=verb or "–"))
    before = rest[: rest.index("--")] if "--" in rest else rest
    own = next((word for word in before if word.partition("=")[0] in OWN), None)
    if own is not None:
        raise NotLocal(message("localrun.own", option=own.partition("=")[0]))
    parted = part(f"kubectl {verb}", rest, known)
    if verb in _SUBVERBS and (words[at + 1 :][:1] or ("",))[0] not in _SUBVERBS[verb]:
        # Behind an option it might be that option's value for kubectl, and the next word the subverb.
        raise NotLocal(message("localrun.verb", verb=" ".join((verb, *words[at + 1 :][:1]))))
    if verb == "cluster-info" and parted.operands:
        raise NotLocal(message("localrun.verb", verb="cluster-info dump"))
    scoped = parted.has("-n", "--namespace", "-A", "--all-namespaces")
    if verb == "exec":
        return Kubectl(_inside(parted), scoped)
    if verb in _READING:
        _no_secret(parted)
    _no_file(parted)
    return Kubectl(tuple(words), scoped)


def _verb_at(words: Sequence[str]) -> int:
    """Where the verb is: only a namespace and a time limit may stand before it."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        name, equals, _ = words[at].partition("=")
        if name in OWN:
            raise NotLocal(message("localrun.own", option=name))
        if name in _ANY.values:
            at += 1 if equals else 2
        elif re.fullmatch(r"-n.+", words[at]):
            at += 1
        else:
            raise NotLocal(message("localrun.option", program=PROGRAM, option=name))
    return at


def _no_secret(parted: Parted) -> None:
    """No operand may name Secrets, in any of the ways a resource is named."""
    named = (*parted.operands, *(parted.behind or ()), parted.value("--for"))
    pieces = (piece for word in named for piece in word.split(","))
    for piece in pieces:
        kind = re.split(r"[/.]", piece.strip(), maxsplit=1)[0].casefold()
        if kind in ("secret", "secrets"):
            raise NotLocal(message("localrun.secret"))


def _no_file(parted: Parted) -> None:
    form, raw = parted.value("-o", "--output"), parted.value("--raw")
    own_template = parted.has("--template") and not form.startswith(("go-template", "jsonpath"))
    if (form and not _FORMS.fullmatch(form)) or own_template:
        raise NotLocal(message("localrun.form", form=form or "--template"))
    if parted.has("--raw") and (not _RAW.fullmatch(raw) or parted.operands):
        raise NotLocal(message("localrun.raw", path=raw))


def _inside(parted: Parted) -> tuple[str, ...]:
    """``exec`` with a command behind ``--``; without the options that ask for a terminal, as there is none."""
    if parted.behind is None or len(parted.operands) != 1:
        raise NotLocal(message("localrun.exec-form"))
    may_run_inside(parted.behind)
    options: list[str] = []
    for name, value in parted.options:
        if name not in _TERMINAL:
            long = name.startswith("--") and value
            options += [f"{name}={value}"] if long else [name, value] if value else [name]
    return ("exec", *options, *parted.operands, "--", *parted.behind)
