"""The bundle file: a zip with a manifest, an index of calls and their bodies, written whole and read with suspicion.

    manifest.json        what, when, by which klinik, and the verdicts of its facts
    calls.jsonl          one line per call: what was asked, when, the body's member or the error
    bodies/000001.txt    outputs of commands and logs; .json for objects

Nothing is ever unpacked to disk: members are looked up by name and read into memory up to a limit.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checks.bundle import schema
from checks.bundle.tape import MAX_BODY, MAX_TOTAL, Answered, Call, Tape
from checks.cluster import ClusterInfo
from checks.errors import ClusterError, ConfigError
from kb.messages import message
from kb.safe import one_line
from kb.said import text_of
from kb.text import Text
from kb.wording import explained

_MANIFEST, _CALLS = "manifest.json", "calls.jsonl"
_MAX_MANIFEST = 64 * 1024 * 1024
_MAX_CALLS = 512 * 1024 * 1024
_MAX_MEMBERS = 2_000_000
_STAMP = (1980, 1, 1, 0, 0, 0)
"""The times of members say nothing: equal facts give equal files."""


class BundleError(ConfigError):
    """A file that is no usable bundle, or cannot be written; `text` says what to do."""


class Bundle:
    """An open bundle; close it. Bodies are read when asked for, by any thread."""

    def __init__(
        self,
        path: Path,
        archive: zipfile.ZipFile,
        manifest: Any,
        calls: Mapping[Call, Answered],
        members: Mapping[Call, tuple[str, str]],
    ) -> None:
        self.path = path
        self.manifest = manifest
        self.calls = calls
        self._archive = archive
        self._members = members
        self._lock = threading.Lock()

    @property
    def info(self) -> ClusterInfo:
        """Which cluster it was, and when."""
        cluster = self.manifest.cluster
        return ClusterInfo(
            context=cluster.context,
            server=cluster.server,
            user=cluster.user,
            namespace=cluster.namespace,
            practice=cluster.practice,
            production=cluster.production,
            pace=cluster.pace,
            recorded=self.manifest.collected_at,
        )

    def body(self, call: Call) -> bytes:
        """The body of an answered call; ClusterError where the file is damaged there."""
        name, digest = self._members[call]
        try:
            with self._lock:
                data = _read(self._archive, name, MAX_BODY)
        except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, RuntimeError) as error:
            raise ClusterError(message("bundle.damaged-member", name=name, why=_why(error))) from error
        if digest and hashlib.sha256(data).hexdigest() != digest:
            raise ClusterError(message("bundle.changed-member", name=name))
        return data

    def close(self) -> None:
        """Lets go of the file."""
        self._archive.close()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_bundle(path: Path) -> Bundle:
    """The bundle in a file; raises BundleError, naming what is wrong, for anything that is not one."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise BundleError(message("bundle.not-a-bundle", path=str(path), why=_why(error))) from error
    except OSError as error:
        raise BundleError(message("bundle.unreadable", path=str(path), why=text_of(error))) from error
    try:
        _checked_members(archive, path)
        manifest = _manifest(archive, path)
        calls, members = _calls(archive, path)
        if len(calls) != manifest.calls:
            raise _bad(path, message("bundle.calls-missing", found=len(calls), said=manifest.calls))
    except BaseException as error:
        archive.close()
        if isinstance(
            error, (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
        ):
            raise BundleError(message("bundle.not-a-bundle", path=str(path), why=_why(error))) from error
        raise
    return Bundle(path, archive, manifest, calls, members)


def _checked_members(archive: zipfile.ZipFile, path: Path) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(infos) > _MAX_MEMBERS or len(set(names)) != len(names):
        raise _bad(path, message("bundle.twice"))
    strangers = [name for name in names if name not in (_MANIFEST, _CALLS) and not _is_body(name)]
    if strangers:
        raise _bad(path, message("bundle.stranger", name=repr(one_line(strangers[0]))))
    if sum(info.file_size for info in infos) > MAX_TOTAL + _MAX_MANIFEST + _MAX_CALLS:
        raise BundleError(
            message("bundle.too-large", path=str(path), limit=(MAX_TOTAL + _MAX_MANIFEST + _MAX_CALLS) >> 20)
        )


def _is_body(name: str) -> bool:
    folder, _, file = name.partition("/")
    stem, _, suffix = file.partition(".")
    return folder == "bodies" and stem.isascii() and stem.isdigit() and suffix in ("json", "txt")


def _manifest(archive: zipfile.ZipFile, path: Path) -> Any:
    data = _json(archive, _MANIFEST, _MAX_MANIFEST, path)
    if not isinstance(data, dict) or data.get("format") != schema.FORMAT:
        raise BundleError(
            message("bundle.not-a-bundle", path=str(path), why=message("bundle.no-member", name=_MANIFEST))
        )
    version = data.get("version")
    if isinstance(version, int) and version > schema.VERSION:
        raise BundleError(message("bundle.newer", path=str(path), version=version, known=schema.VERSION))
    try:
        return schema.read_manifest(data)
    except schema.Invalid as error:
        raise _bad(path, explained(_MANIFEST, _why(error))) from error


def _calls(archive: zipfile.ZipFile, path: Path) -> tuple[dict[Call, Answered], dict[Call, tuple[str, str]]]:
    try:
        lines = _read(archive, _CALLS, _MAX_CALLS).splitlines()
    except KeyError as error:
        raise _bad(path, message("bundle.no-member", name=_CALLS)) from error
    calls: dict[Call, Answered] = {}
    members: dict[Call, tuple[str, str]] = {}
    held = set(archive.namelist())
    for number, line in enumerate(lines, 1):
        try:
            call, answered, member, digest = schema.read_line(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise _bad(path, explained(f"{_CALLS}:{number}", _why(error))) from error
        if member and member not in held:
            raise _bad(path, explained(f"{_CALLS}:{number}", message("bundle.no-member", name=member)))
        calls[call] = answered
        members[call] = (member, digest)
    return calls, members


def _json(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> Any:
    try:
        return json.loads(_read(archive, name, limit))
    except KeyError as error:
        raise BundleError(
            message("bundle.not-a-bundle", path=str(path), why=message("bundle.no-member", name=name))
        ) from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, explained(name, _why(error))) from error


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A member, at most `limit` bytes, whatever its header says about its size."""
    with archive.open(name) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise zipfile.BadZipFile(f"{name} is larger than {limit >> 20} MiB")
    return data


def _bad(path: Path, why: Text) -> BundleError:
    return BundleError(message("bundle.bad", path=str(path), why=why))


def _why(error: BaseException) -> Text:
    return text_of(error).each(lambda text: one_line(text, 300))


# --- writing --------------------------------------------------------------------------------------------------------


def write_bundle(path: Path, manifest: Mapping[str, Any], tape: Tape, *, force: bool = False) -> int:
    """Writes the file whole or not at all, readable by its owner only; returns its size in bytes.

    Raises BundleError where the file exists already and `force` is not given, or cannot be written.
    """
    if path.exists() and not force:
        raise BundleError(message("bundle.exists", path=str(path)))
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
        with os.fdopen(handle, "wb") as file:
            _write(file, manifest, tape)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        return path.stat().st_size
    except OSError as error:
        raise BundleError(message("bundle.unwritable", path=str(path), why=text_of(error))) from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _write(file: Any, manifest: Mapping[str, Any], tape: Tape) -> None:
    lines: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for number, (call, answered) in enumerate(tape.items(), 1):
            body, digest = "", ""
            if answered.body is not None and answered.failure is None:
                body = f"bodies/{number:06}.{'txt' if call[0] in ('exec', 'logs') else 'json'}"
                digest = hashlib.sha256(answered.body).hexdigest()
                _member(archive, body, answered.body)
            lines.append(json.dumps(schema.line_of(call, answered, body, digest), ensure_ascii=True))
        _member(archive, _CALLS, "".join(f"{line}\n" for line in lines).encode())
        document = {**manifest, "calls": len(lines)}
        _member(archive, _MANIFEST, json.dumps(document, indent=1, ensure_ascii=True).encode() + b"\n")


def _member(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _STAMP)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, data)
