"""The mutes of one cluster on disk: one JSON file per cluster identity, 0600, written whole, one writer at a time."""

from __future__ import annotations

import fcntl
import json
import math
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

from checks.cluster import ClusterInfo
from checks.findings.changes import MARGIN
from checks.findings.mutes import Known, Mute, MuteError, Muting, Standing
from checks.identity import cluster_id, cluster_identity
from checks.model import Verdict
from kb.messages import message
from kb.paths import state_path
from kb.said import quoted, text_of
from kb.text import Text

VERSION = 1
MOST = 500
"""Mutes that hold at once; nobody knows of so many."""
KEPT_ENDED = 50
"""Ended mutes that stay in the file, so that somebody can see why a finding is back."""
_LARGEST = 32 * 1024 * 1024
"""Bytes of a file that is read."""

Clock = Callable[[], float]


class MuteFile:
    """The mutes of one cluster. Nothing is held open; every change reads the file again under a lock."""

    def __init__(self, info: ClusterInfo, folder: Path | None = None, clock: Clock = time.time):
        self.info = info
        self.folder = folder or state_path() / "mutes"
        self.path = self.folder / f"{cluster_id(info)}.json"
        self.clock = clock

    def load(self) -> tuple[Mute, ...]:
        """All mutes, ended ones too, the oldest first; raises MuteError where the file cannot be trusted."""
        try:
            with self.path.open("rb") as stream:
                raw = stream.read(_LARGEST + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._broken(text_of(error)) from error
        return self._mutes(raw)

    def add(self, mute: Mute) -> Mute:
        """Writes a mute down and returns it with its id; one of the same thing that still holds is replaced."""
        with self._changing() as mutes:
            same = [m for m in mutes if not m.end and (m.kind, m.name, m.targets) == _about(mute)]
            for old in same:
                mutes.remove(old)
            if sum(not m.end for m in mutes) >= MOST:
                raise MuteError(message("mutes.too-many", count=MOST))
            taken = {m.id for m in mutes}
            named = replace(mute, id=next(i for i in _ids() if i not in taken))
            mutes.append(named)
        return named

    def lift(self, id: str, by: str) -> Mute:
        """Ends a mute by hand; raises MuteError where there is none with this id that holds."""
        with self._changing() as mutes:
            for number, mute in enumerate(mutes):
                if mute.id == id and not mute.end:
                    mutes[number] = _ended(mute, "lifted", message("mutes.why-lifted", by=by), self.clock())
                    return mutes[number]
            raise MuteError(message("mutes.no-such", id=id))

    def settle(self, muting: Muting) -> tuple[Standing, ...]:
        """Writes down which mutes a run has ended, and returns those; nothing is written where none has."""
        over = {s.mute.id: s for s in muting.lifted}
        if over:
            with self._changing() as mutes:
                for number, mute in enumerate(mutes):
                    standing = over.get(mute.id)
                    # One that somebody renewed meanwhile is another one, whatever its id.
                    if standing and not mute.end and mute.at == standing.mute.at:
                        mutes[number] = _ended(mute, standing.state, standing.why, self.clock())
        return muting.lifted

    # --- the file ---------------------------------------------------------------------------------------------

    def _mutes(self, raw: bytes) -> tuple[Mute, ...]:
        if len(raw) > _LARGEST:
            raise self._broken(message("mutes.file-large"))
        try:
            found = json.loads(raw)
            version = found["version"]
            if isinstance(version, int) and version > VERSION:
                raise MuteError(message("mutes.file-newer", path=str(self.path)))
            return tuple(_mute(item) for item in found["mutes"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise self._broken(quoted(f"{type(error).__name__}: {error}")) from error

    @contextmanager
    def _changing(self) -> Iterator[list[Mute]]:
        """The mutes to be changed, under a lock; written at the end unless something is raised."""
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            mutes = list(self.load())
            yield mutes
            self._write(mutes)
        finally:
            os.close(lock)

    def _write(self, mutes: list[Mute]) -> None:
        ended = [m for m in mutes if m.end][:-KEPT_ENDED]
        kept = [_json(m) for m in mutes if m not in ended]
        document = {"version": VERSION, "cluster": cluster_identity(self.info), "mutes": kept}
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                json.dump(document, stream, ensure_ascii=False, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(fresh, self.path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    def _broken(self, error: Text) -> MuteError:
        return MuteError(message("mutes.file-broken", path=str(self.path), error=error))

    def _unwritable(self, error: OSError) -> MuteError:
        return MuteError(message("mutes.file-unwritable", path=str(self.path), error=text_of(error)))


def _about(mute: Mute) -> tuple[str, str, tuple[str, ...]]:
    return mute.kind, mute.name, mute.targets


def _ids() -> Iterator[str]:
    while True:
        yield secrets.token_hex(2)


def _ended(mute: Mute, state: str, why: Text, now: float) -> Mute:
    return replace(mute, end=cast(Any, state), ended=now, why=why)


def _json(mute: Mute) -> dict[str, Any]:
    known = [{**asdict_of(k), "targets": dict(k.targets)} for k in mute.known]
    plain = {n: getattr(mute, n) for n in ("id", "kind", "name", "reason", "by", "at", "until", "margin")}
    ended = {"end": mute.end, "ended": mute.ended, "why": asdict(mute.why)} if mute.end else {}
    return {**plain, "targets": list(mute.targets), "known": known, **ended}


def asdict_of(known: Known) -> dict[str, Any]:
    """A check as it was muted, as JSON without its parts."""
    return {
        "key": known.key,
        "verdict": str(known.verdict),
        "value": known.value,
        "worse": known.worse,
        "symptom": known.symptom,
    }


def _mute(raw: Any) -> Mute:
    """One mute of a file that anybody may have written; raises what wrong data raises."""
    known = tuple(
        Known(
            _text(k["key"]),
            Verdict(k["verdict"]),
            None if k["value"] is None else _number(k["value"]),
            {_text(t): Verdict(v) for t, v in k["targets"].items()},
            cast(Any, _one_of(k["worse"], ("higher", "lower", "never"))),
            k["symptom"] is True,
        )
        for k in raw["known"]
    )
    why = raw.get("why") or {}
    return Mute(
        id=_text(raw["id"]),
        kind=cast(Any, _one_of(raw["kind"], ("article", "check"))),
        name=_text(raw["name"]),
        reason=_text(raw["reason"]),
        by=_text(raw["by"]),
        at=_number(raw["at"]),
        until=_number(raw["until"]),
        targets=tuple(_text(t) for t in raw["targets"]),
        known=known,
        margin=_number(raw.get("margin", MARGIN)),
        end=cast(Any, _one_of(raw.get("end", ""), ("", "expired", "worse", "gone", "lifted"))),
        ended=_number(raw.get("ended", 0.0)),
        why=Text(_text(why.get("en", "")), _text(why.get("zh", ""))),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return _text(value)


def mute_json(mute: Mute, lang: str) -> Mapping[str, Any]:
    """A mute as the command line shows it to programs."""
    return {
        "id": mute.id,
        "kind": mute.kind,
        "name": mute.name,
        "targets": list(mute.targets),
        "reason": mute.reason,
        "by": mute.by,
        "at": mute.at,
        "until": mute.until,
        "margin": mute.margin,
        "limits": [{"check": key, "value": value} for key, value in mute.limits],
        "known": [{**asdict_of(k), "targets": sorted(k.targets)} for k in mute.known],
        "end": mute.end,
        "ended": mute.ended or None,
        "why": mute.why.get(lang),
    }
