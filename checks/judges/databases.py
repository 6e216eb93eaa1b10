"""Judges of the processes of ovn-central: northd, who listens where, probes of clients, how far everybody has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.judges import lists
from checks.judges.pernode import NodeAnswers, nobody, nodes_of, unread, whole_number
from checks.judges.wholes import judged, listing
from checks.model import JSON, Answer, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
_DEAD = ("cannot read pidfile", "cannot connect to")
"""What ovn-appctl says of a daemon that does not run."""


def judge_ovn_northd(facts: Facts, params: Params, now: float) -> Judgement:
    """Exactly one northd is active, none is paused, and the active one is connected to both databases.

    Data: ``active`` (pod, empty: none or several), ``standby`` (how many), ``stopped`` (how many do not run).
    """
    lost = nobody(facts, "status")
    if lost:
        return lost
    rows = [_northd(at) for at in nodes_of(facts, "status", "nb", "sb")]
    states = [row.data.get("state") for row in rows]
    active = [row.target for row in rows if row.data.get("state") == "active"]
    unseen = any(row.data.get("state") is None for row in rows)
    if len(active) > 1 or (not active and not unseen):
        text = message("ovndb.northd-active", count=len(active), pods=", ".join(active) or "-")
        rows.append(Row("northd", Verdict.FAIL, text))
    data = {
        "active": active[0] if len(active) == 1 else "",
        "standby": states.count("standby"),
        "stopped": states.count("stopped"),
    }
    return judged(
        rows,
        well=message("ovndb.northd-ok", **data),
        wrong=message("ovndb.northd-bad"),
        none=message("ovndb.no-central"),
        data=data,
    )


def _northd(at: NodeAnswers) -> Row:
    answer = at.answers.get("status")
    if answer is None or answer.error:
        return _stopped(at.target, answer) if _not_running(answer) else _unread(at.target, answer)
    state = str(answer.value.get("state"))
    data = {"state": state}
    if state == "paused":
        return Row(at.target, Verdict.FAIL, message("ovndb.northd-paused"), data=data)
    for read in ("nb", "sb"):
        connection = at.answers.get(read)
        if connection is None or connection.error:
            return Row(at.target, Verdict.UNKNOWN, _unread(at.target, connection).text, data=data)
        if connection.value.get("state") != "connected":
            verdict = Verdict.FAIL if state == "active" else Verdict.WARN
            text = message("ovndb.northd-lost", state=state, database=read)
            return Row(at.target, verdict, text, data=data)
    return Row(at.target, Verdict.OK, message("ovndb.northd-row", state=state), data=data)


def _not_running(answer: Answer | None) -> bool:
    # What was printed by something that ran is no word of ovn-appctl about northd.
    if answer is None or answer.error in ("", "unparsable") or "ovn-northd" not in answer.message.en:
        return False
    return any(words in answer.message.en for words in _DEAD)


def _stopped(target: str, answer: Answer | None) -> Row:
    why = (answer.message if answer else Text()).each(lambda text: one_line(text, 120))
    return Row(target, Verdict.WARN, message("ovndb.northd-stopped", why=why), data={"state": "stopped"})


def _unread(target: str, answer: Answer | None) -> Row:
    return unread(target, answer or Answer(target, None, "", 0.0, error="absent"))


# --- who listens ----------------------------------------------------------------------------------------------------


def judge_ovn_listeners(facts: Facts, params: Params, now: float) -> Judgement:
    """Every database server listens for others than its own pod: on TCP or SSL, or as a table of connections says.

    Data: ``remotes`` (all of them, each once).
    """
    lost = nobody(facts, "nb", "sb")
    if lost:
        return lost
    rows, remotes = [], set()
    for database in ("nb", "sb"):
        for answer in facts[database].answers:
            target = f"{answer.pod or answer.target} {database}"
            if answer.error:
                rows.append(unread(target, answer))
                continue
            found = [str(entry.get("remote")) for entry in answer.value]
            remotes |= {r for r in found if not r.startswith("punix:")}
            rows.append(_listener(target, found, facts.get(f"{database}_connections")))
    return judged(
        rows,
        well=message("ovndb.listeners-ok", total=len(rows), remotes=", ".join(sorted(remotes))),
        wrong=message("ovndb.listeners-bad"),
        none=message("ovndb.no-central"),
        data={"remotes": sorted(remotes)},
    )


def _listener(target: str, remotes: list[str], connections: Fact | None) -> Row:
    said = one_line(", ".join(remotes), 160)
    for remote in remotes:
        if remote.startswith(("ptcp:", "pssl:", "db:Local_Config,")):
            return Row(target, Verdict.OK, message("ovndb.listener", remote=remote))
    tables = [remote for remote in remotes if remote.startswith("db:")]
    if not tables:
        return Row(target, Verdict.FAIL, message("ovndb.listener-none", remotes=said))
    if connections is None or connections.error or not connections.good:
        failed = connections.failed[0] if connections and connections.failed else None
        return _unread(target, failed)
    targets = [str(row.get("target")) for row in listing(connections.good[0].value)]
    if any(t.startswith(("ptcp:", "pssl:")) for t in targets):
        return Row(target, Verdict.OK, message("ovndb.listener", remote=", ".join(targets)))
    return Row(target, Verdict.FAIL, message("ovndb.listener-table", remote=tables[0]))


def judge_ovn_probes(facts: Facts, params: Params, now: float) -> Judgement:
    """The inactivity probe of every Connection row: unset means the server's own default, 0 means none."""
    lost = lists.failure(facts, "nb", "sb")
    if lost:
        return lost
    rows = []
    for database in ("nb", "sb"):
        for entry in listing(facts[database].answers[0].value):
            target, probe = (
                f"{database} {one_line(str(entry.get('target')), 60)}",
                entry.get("inactivity_probe"),
            )
            rows.append(_probe(target, probe, int(params["short"])))
    return judged(
        rows,
        well=message("ovndb.probes-ok", total=len(rows)),
        wrong=message("ovndb.probes-bad"),
        none=message("ovndb.probes-none"),
    )


def _probe(target: str, probe: Any, short: int) -> Row:
    if probe == []:
        return Row(target, Verdict.WARN, message("ovndb.probe-unset"), data={"probe": None})
    number = whole_number(probe)
    if number is None:
        return Row(target, Verdict.UNKNOWN, message("ovndb.probe-unread"), data={"reason": "unparsable"})
    data = {"probe": number}
    if 0 < number < short:
        return Row(target, Verdict.WARN, message("ovndb.probe-short", probe=number, short=short), data=data)
    return Row(target, Verdict.OK, message("ovndb.probe", probe=number), data=data)


# --- how far everybody has come -------------------------------------------------------------------------------------


def judge_ovn_sync(facts: Facts, params: Params, now: float) -> Judgement:
    """The generation of the northbound database against what northd and the chassis have taken over.

    Nobody has to raise the number; where it is 0 there is nothing to compare. Data: ``nb_cfg``, ``sb_cfg``, ``hv_cfg``.
    """
    lost = lists.failure(facts, "global", "chassis")
    if lost:
        return lost
    entries = listing(facts["global"].answers[0].value)
    numbers = {
        key: whole_number(entries[0].get(key)) if entries else None
        for key in ("nb_cfg", "sb_cfg", "hv_cfg", "nb_cfg_timestamp", "sb_cfg_timestamp")
    }
    if any(value is None for value in numbers.values()):
        return lists.unknown("unparsable", message("ovndb.sync-unread"))
    nb, sb = int(numbers["nb_cfg"] or 0), int(numbers["sb_cfg"] or 0)
    data = {key: numbers[key] for key in ("nb_cfg", "sb_cfg", "hv_cfg")}
    if nb == 0:
        return Judgement(Verdict.SKIPPED, message("ovndb.sync-none"), data=data)
    late = _Late(now, float(params["lag"]), int(params["behind"]))
    rows = [_sync_row("northd", nb, sb, late.is_late(nb, sb, int(numbers["nb_cfg_timestamp"] or 0)))]
    for entry in listing(facts["chassis"].answers[0].value):
        done, name = whole_number(entry.get("nb_cfg")), one_line(str(entry.get("name")), 80)
        if done is None:
            rows.append(
                Row(name, Verdict.UNKNOWN, message("ovndb.sync-unread"), data={"reason": "unparsable"})
            )
            continue
        rows.append(_sync_row(name, sb, done, late.is_late(sb, done, int(numbers["sb_cfg_timestamp"] or 0))))
    return judged(
        rows,
        well=message("ovndb.sync-ok", total=len(rows) - 1, nb=nb),
        wrong=message("ovndb.sync-bad"),
        none=message("ovndb.sync-none"),
        data=data,
    )


class _Late:
    def __init__(self, now: float, lag: float, behind: int):
        self.now, self.lag, self.behind = now, lag, behind

    def is_late(self, wanted: int, done: int, since_ms: int) -> bool:
        """Behind for longer than the lag, or by more steps than come in that time."""
        old = since_ms > 0 and self.now - since_ms / 1000 > self.lag
        return done < wanted and (old or wanted - done > self.behind)


def _sync_row(target: str, wanted: int, done: int, late: bool) -> Row:
    numbers = {"wanted": wanted, "done": done}
    if late:
        verdict = Verdict.FAIL if target == "northd" else Verdict.WARN
        return Row(target, verdict, message("ovndb.sync-late", **numbers), data=numbers)
    return Row(target, Verdict.OK, message("ovndb.sync-row", **numbers), data=numbers)
