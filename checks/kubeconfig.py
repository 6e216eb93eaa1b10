"""kubeconfig files: which ones count, merged as kubectl merges them, and the context that is meant."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.cluster import ClusterInfo
from checks.errors import ConfigError
from kb import yamlfile
from kb.messages import message
from kb.said import text_of

Entry = Mapping[str, Any]
PRACTICE_EXTENSION = "klinik.practice"
_FILE_KEYS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}
_TRUTHS = ("insecure-skip-tls-verify",)


@dataclass(frozen=True, slots=True)
class ContextInfo:
    """One context, as a list of them shows it."""

    name: str
    cluster: str
    user: str
    namespace: str
    current: bool


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """All files merged: the first definition of a name wins, relative paths are absolute."""

    contexts: Mapping[str, Entry] = field(default_factory=dict)
    clusters: Mapping[str, Entry] = field(default_factory=dict)
    users: Mapping[str, Entry] = field(default_factory=dict)
    current: str = ""
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The context to connect with, its parts as plain mappings (all scalars are text)."""

    context: str
    cluster: Entry
    user: Entry
    user_name: str
    namespace: str

    def info(self, namespace: str | None, as_user: str | None) -> ClusterInfo:
        """What the header shows of it."""
        practice = practice_extension(self.cluster)
        return ClusterInfo(
            context=self.context,
            server=str(self.cluster.get("server", "")),
            user=as_user or str(self.user.get("as") or self.user_name),
            namespace=namespace or self.namespace,
            practice=str(practice.get("scenario", "")),
            pace=_pace(practice.get("pace", "1")),
        )


def find_paths(flag: str | None = None) -> tuple[Path, ...]:
    """The files that count: the one of the flag, else those of ``KUBECONFIG``, else ``~/.kube/config``."""
    if flag:
        return (Path(flag).expanduser(),)
    listed = os.environ.get("KUBECONFIG", "")
    if listed:
        return tuple(Path(part).expanduser() for part in listed.split(os.pathsep) if part)
    return (Path.home() / ".kube" / "config",)


def read(flag: str | None = None) -> Kubeconfig | None:
    """The merged files; None where there are none. A file named by flag must exist; a broken one is a ConfigError."""
    paths = find_paths(flag)
    found = [path for path in paths if path.exists()]
    if flag and not found:
        raise ConfigError(message("cluster.no-such-kubeconfig", path=str(paths[0])))
    return merged(found) if found else None


def merged(paths: Sequence[Path]) -> Kubeconfig:
    """These files as one; raises ConfigError for a broken or missing one."""
    contexts: dict[str, Entry] = {}
    clusters: dict[str, Entry] = {}
    users: dict[str, Entry] = {}
    current = ""
    for path in paths:
        data = _load(path)
        current = current or str(data.get("current-context") or "")
        for section, word, into in (
            ("contexts", "context", contexts),
            ("clusters", "cluster", clusters),
            ("users", "user", users),
        ):
            for name, entry in _named(data.get(section), word):
                into.setdefault(name, _absolute(entry, word, path.parent))
    return Kubeconfig(contexts, clusters, users, current, tuple(paths))


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = text_of(error) if isinstance(error, OSError) else message("cluster.not-utf8")
        raise ConfigError(message("cluster.unreadable-kubeconfig", path=str(path), why=why)) from None
    # all scalars as text: a token that looks like a number is still a token
    document = yamlfile.parse(text, str(path), numbers=False)
    if document.problems:
        raise ConfigError(message("cluster.broken-kubeconfig", path=str(path), why=document.problems[0].text))
    data = document.data if text.strip() else {}
    if not isinstance(data, dict):
        why = message("cluster.not-a-mapping")
        raise ConfigError(message("cluster.broken-kubeconfig", path=str(path), why=why))
    return data


def _named(entries: Any, word: str) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a section by name; ``null`` and entries without a name or body are passed over, as by kubectl."""
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("name") and isinstance(entry.get(word), dict):
            found.append((str(entry["name"]), dict(entry[word])))
    return found


def _absolute(entry: dict[str, Any], word: str, folder: Path) -> Entry:
    for key in _FILE_KEYS.get(word, ()):
        if entry.get(key):
            entry[key] = str(folder.absolute() / Path(str(entry[key])).expanduser())
    for key in _TRUTHS:
        if key in entry:
            entry[key] = str(entry[key]).lower() == "true"
    return entry


def choose(config: Kubeconfig, context: str | None = None) -> Choice:
    """The named or current context with its cluster and user; ConfigError names what is missing and what is known."""
    name = context or config.current
    known = ", ".join(sorted(config.contexts)) or "-"
    if not name:
        raise ConfigError(message("cluster.no-current-context", known=known))
    if name not in config.contexts:
        raise ConfigError(message("cluster.unknown-context", context=name, known=known))
    entry = config.contexts[name]
    cluster_name, user_name = str(entry.get("cluster", "")), str(entry.get("user", ""))
    cluster = config.clusters.get(cluster_name)
    if cluster is None or not cluster.get("server"):
        raise ConfigError(message("cluster.context-without-cluster", context=name, cluster=cluster_name))
    if user_name and user_name not in config.users:
        raise ConfigError(message("cluster.context-without-user", context=name, user=user_name))
    user = config.users.get(user_name, {})
    for part, word in ((cluster, "cluster"), (user, "user")):
        for key in _FILE_KEYS[word]:
            if part.get(key) and not part.get(f"{key}-data") and not Path(str(part[key])).is_file():
                raise ConfigError(message("cluster.missing-file", context=name, key=key, path=str(part[key])))
    return Choice(name, cluster, user, user_name, str(entry.get("namespace") or "default"))


def contexts(kubeconfig: str | None = None) -> list[ContextInfo]:
    """All contexts of the kubeconfig files, sorted by name; empty where there is no file."""
    config = read(kubeconfig)
    if config is None:
        return []
    return [
        ContextInfo(
            name=name,
            cluster=str(entry.get("cluster", "")),
            user=str(entry.get("user", "")),
            namespace=str(entry.get("namespace") or "default"),
            current=name == config.current,
        )
        for name, entry in sorted(config.contexts.items())
    ]


def practice_extension(cluster: Entry) -> Mapping[str, Any]:
    """What a practice server wrote about itself into its kubeconfig: scenario and pace."""
    extensions = cluster.get("extensions")
    for entry in extensions if isinstance(extensions, list) else []:
        if isinstance(entry, dict) and entry.get("name") == PRACTICE_EXTENSION:
            body = entry.get("extension")
            return body if isinstance(body, dict) else {}
    return {}


def _pace(text: Any) -> float:
    try:
        pace = float(text)
    except (TypeError, ValueError):
        return 1.0
    return pace if 0 < pace <= 1 else 1.0
