"""`klinik doctor`: what works here, and what a refused permission would cost."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checks.errors import ClusterError, ConfigError
from checks.layout import placed
from checks.model import Verdict
from kb.messages import message
from kb.said import about_file
from tui.cli import printing
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, output_option, where_options
from tui.cli.failures import FAILED, NO_CLUSTER, OK, UNKNOWN, USAGE, Stop
from tui.cli.loading import open_catalogue, plain_library
from tui.cli.options import Root, Where
from tui.cli.printing import foreign, say
from tui.cli.texts import help_language, t
from tui.connect import connect
from tui.setting import settings_of

if TYPE_CHECKING:
    from checks.cluster import Cluster
    from checks.layout import Layout
    from checks.rights.permissions import Permission
    from checks.rights.rbac import Subject
    from checks.settings import Settings

Line = tuple[Verdict, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one permission is given; None with the reason where the server did not say."""

    permission: Permission
    users: tuple[str, ...]
    allowed: bool | None
    reason: str = ""


def _help(key: str) -> str:
    return message(f"rbac.{key}").get(help_language())


@click.command(cls=Command, help=t("doctor.help"))
@click.argument("scope", metavar="[ID]", required=False, default="")
@click.option("--rbac", is_flag=True, help=_help("opt-rbac"))
@click.option("--subject", metavar="KIND:NAME", help=_help("opt-subject"))
@click.option("--part", type=click.Choice(["checks", "fixes"]), help=_help("opt-part"))
@output_option
@where_options
@common_options
def doctor(
    scope: str, rbac: bool, subject: str | None, part: str | None, output: str, where: Where, root: Root
) -> int:
    """Looks at program, terminal, knowledge base, cluster, versions and permissions; writes nothing."""
    if rbac:
        from tui.cli.rbacroles import print_roles

        who = _subject(subject, where.over(root.where))
        return print_roles(scope, who, part or "", output, root, where)
    for value, option in ((scope, "ID"), (subject, "--subject"), (part, "--part")):
        if value:
            raise Stop(message("rbac.needs-rbac", option=option).get(help_language()), USAGE)
    where = where.over(root.where)
    settings = settings_of(where)
    document: dict[str, Any] = {
        "program": _program(),
        "terminal": _terminal(),
        "library": _library(root, where),
        "settings": _settings(settings),
    }
    try:
        with connect(where) as connection:
            layout = placed(connection.cluster, settings.layout)
            document["settings"]["found_in"] = None if layout is settings.layout else layout.namespaces[0]
            document["cluster"] = _cluster(connection.cluster, layout)
            answers = list(_permissions(connection.cluster, root, where, layout))
            document["roles"] = list(_roles(connection.cluster, layout))
    except (ConfigError, ClusterError) as error:
        reason = error.text.get(help_language())
        document["cluster"] = {"error": getattr(error, "reason", "configuration"), "message": reason}
        answers = []
    document["permissions"] = [
        {
            "verb": a.permission.verb,
            "resource": a.permission.shown,
            "allowed": a.allowed,
            "users": list(a.users),
        }
        for a in answers
    ]
    if output == "json":
        printing.as_json(document)
    else:
        for sign, line in _lines(document, answers):
            say(f"{printing.verdict(sign)} {foreign(line)}")
    if "error" in document["cluster"]:
        return NO_CLUSTER
    if document["library"]["problems"] or any(a.allowed is False for a in answers):
        return FAILED
    return UNKNOWN if any(a.allowed is None for a in answers) else OK


def _subject(given: str | None, where: Where) -> Subject:
    """Who is meant: as said, else who the kubectl flags impersonate, else nobody yet."""
    from checks.rights.rbac import Subject

    if given is None:
        return Subject("User", where.as_user) if where.as_user else Subject()
    try:
        return Subject.parse(given)
    except ValueError:
        raise Stop(message("rbac.bad-subject", value=given).get(help_language()), USAGE) from None


def _program() -> dict[str, str]:
    from kb.paths import cache_dir, state_dir
    from tui.version import program_version

    return {
        "version": program_version(),
        "python": platform.python_version(),
        "cache": _place(cache_dir),
        "state": _place(state_dir),
    }


def _place(folder: Callable[[], Path]) -> str:
    """Where the folder is, or why it cannot be had."""
    try:
        return str(folder())
    except OSError as error:
        return about_file(error).get(help_language())


def _terminal() -> dict[str, Any]:
    size = shutil.get_terminal_size()
    colours = "NO_COLOR" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM") or "256"
    return {
        "term": os.environ.get("TERM", ""),
        "colours": colours,
        "encoding": sys.stdout.encoding,
        "columns": size.columns,
        "rows": size.lines,
    }


def _settings(settings: Settings) -> dict[str, Any]:
    """Which file counts, and what it changes."""
    return {
        "file": settings.path or None,
        "context": settings.context or None,
        "layout": settings.layout.preset,
        "namespaces": list(settings.layout.namespaces),
        "roles": list(settings.changed),
        "thresholds": {check: dict(params) for check, params in settings.params.items()},
        "prometheus": settings.prometheus.shown if settings.prometheus else None,
        "production": settings.production,
    }


def _library(root: Root, where: Where) -> dict[str, int]:
    from tui.cli.library import all_problems

    library = plain_library(root)
    guides = sum(1 for i in library.guided if (a := library.get(i)) and a.guide)
    problems = [p for p in all_problems(root) if p.severity == "error"]
    return {
        "articles": len(library.articles),
        "guides": guides,
        "checks": len(open_catalogue(root, where).ids()),
        "problems": len(problems),
    }


def _cluster(cluster: Cluster, layout: Layout) -> dict[str, Any]:
    from checks.cluster import PODS
    from checks.judges.versions import running_versions, show_version

    info = cluster.info
    found: dict[str, Any] = {
        "context": info.context,
        "server": info.server,
        "practice": info.practice or None,
    }
    found["kubernetes"] = cluster.version()
    try:
        space = layout.roles["cni"].namespace if "cni" in layout.roles else ""
        pods = cluster.list(PODS, namespace=space, labels="app=kube-ovn-cni")
        found["kube-ovn"] = ", ".join(show_version(v) for v in running_versions(pods))
    except ClusterError as error:
        found["kube-ovn"] = ""
        found["kube-ovn-unknown"] = error.reason
    return found


def _roles(cluster: Cluster, layout: Layout) -> Iterator[dict[str, Any]]:
    from checks.layout import resolve

    for name in layout.roles:
        try:
            yield {"role": name, "pods": len(resolve(cluster, layout, name)), "reason": ""}
        except ClusterError as error:
            yield {"role": name, "pods": 0, "reason": error.text.get(help_language())}


def _permissions(cluster: Cluster, root: Root, where: Where, layout: Layout) -> Iterator[Answer]:
    from checks.rights.permissions import collect

    library = plain_library(root)
    guides = [a.guide for i in library.guided if (a := library.get(i)) and a.guide]
    catalogue = open_catalogue(root, where)
    needed = collect(list(catalogue), guides, layout, prometheus=catalogue.prometheus)

    def ask(permission: Permission) -> Answer:
        p = permission
        try:
            allowed = cluster.can(
                p.verb, p.resource, namespace=p.namespace, subresource=p.subresource, name=p.name
            )
        except ClusterError as error:
            return Answer(p, needed[p], None, error.text.get(help_language()))
        return Answer(p, needed[p], allowed)

    with ThreadPoolExecutor(8) as pool:
        yield from pool.map(ask, needed)


def _lines(document: dict[str, Any], answers: list[Answer]) -> Iterator[Line]:
    program, terminal, library = document["program"], document["terminal"], document["library"]
    yield Verdict.OK, t("doctor.program", version=program["version"], python=program["python"])
    small = terminal["columns"] < 80 or terminal["rows"] < 24
    size = f"{terminal['columns']}x{terminal['rows']}"
    shown = {k: terminal[k] for k in ("term", "colours", "encoding")}
    yield Verdict.WARN if small else Verdict.OK, t("doctor.terminal", size=size, **shown)
    yield Verdict.FAIL if library["problems"] else Verdict.OK, t("doctor.library", **library)
    yield Verdict.OK, t("doctor.places", cache=program["cache"], state=program["state"])
    yield from _settings_lines(document["settings"])
    yield from _cluster_lines(document)
    for answer in answers:
        words = {"verb": answer.permission.verb, "resource": answer.permission.shown}
        if answer.allowed is None:
            yield Verdict.UNKNOWN, t("doctor.may-unknown", reason=answer.reason, **words)
        elif answer.allowed:
            yield Verdict.OK, t("doctor.may", **words)
        else:
            users = ", ".join(answer.users[:6]) + (" …" if len(answer.users) > 6 else "")
            yield Verdict.FAIL, t("doctor.may-not", users=users, **words)
    if any(answer.allowed is False for answer in answers):
        yield Verdict.FAIL, message("rbac.doctor-hint").get(help_language())


def _settings_lines(found: dict[str, Any]) -> Iterator[Line]:
    lang = help_language()
    file = found["file"] or message("settings.no-file").get(lang)
    thresholds = sum(len(params) for params in found["thresholds"].values())
    prometheus = found["prometheus"] or message("settings.looked-for").get(lang)
    words = {"file": file, "thresholds": thresholds, "prometheus": prometheus}
    yield Verdict.OK, message("settings.doctor", **words).get(lang)
    layout = {"preset": found["layout"], "namespaces": ", ".join(found["namespaces"])}
    changed = ", ".join(found["roles"]) or message("settings.none").get(lang)
    yield Verdict.OK, message("settings.layout", changed=changed, **layout).get(lang)
    if found.get("found_in"):
        elsewhere = message("settings.found-in", namespace=found["found_in"], **layout)
        yield Verdict.WARN, elsewhere.get(lang)
    if found["production"]:
        yield Verdict.OK, message("settings.production", context=found["context"] or "-").get(lang)


def _cluster_lines(document: dict[str, Any]) -> Iterator[Line]:
    cluster = document["cluster"]
    if "error" in cluster:
        yield Verdict.UNKNOWN, t("doctor.no-cluster", reason=cluster["message"])
        return
    words = {"context": cluster["context"], "server": cluster["server"], "version": cluster["kubernetes"]}
    yield Verdict.OK, t("doctor.cluster", **words)
    if cluster["kube-ovn"]:
        yield Verdict.OK, t("doctor.kube-ovn", version=cluster["kube-ovn"])
    else:
        yield Verdict.UNKNOWN, t("doctor.kube-ovn", version=cluster.get("kube-ovn-unknown") or "?")
    for role in document.get("roles", []):
        if role["reason"]:
            yield Verdict.WARN, t("doctor.role-missing", role=role["role"], reason=role["reason"])
        else:
            yield Verdict.OK, t("doctor.role", role=role["role"], count=role["pods"])
