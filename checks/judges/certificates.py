"""Judges over certificates: signing requests that nobody answers, and how long certificates are still good."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping

from checks.certificates import ends
from checks.judges.lists import Object, created, failure, name, spec, status, unknown
from checks.judges.pernode import bad, folded, nobody, nodes_of, unread
from checks.judges.services import hooks
from checks.judges.shapes import split, told
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

DAY = 86_400.0


def judge_signing_requests(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Certificate signing requests older than `age` seconds without a decision, or approved without a certificate."""
    if lost := failure(facts, "requests"):
        return lost
    requests, broken = split(facts["requests"].items, "spec", sound=lambda r: created(r) is not None)
    rows = [row for r in sorted(requests, key=name) if (row := _request_row(r, now, float(params["age"])))]
    states = [str(row.data["state"]) for row in rows]
    data: dict[str, JSON] = {
        "total": len(requests),
        "pending": states.count("pending"),
        "unissued": states.count("unissued"),
        "kubelets": sum(str(row.data["requester"]).startswith("system:node:") for row in rows),
    }
    which = "requests-bad" if rows else "requests-ok"
    return told(
        rows,
        broken,
        message(f"certificates.{which}", **data),
        verdict=Verdict.WARN if rows else Verdict.OK,
        value=len(rows),
        data=data,
        tables={"requests": tuple(dict(row.data) for row in rows)},
    )


def _request_row(request: Object, now: float, age: float) -> Row | None:
    found = status(request).get("conditions")
    types = {str(c.get("type")) for c in found or () if isinstance(c, Mapping)}
    if "Denied" in types or "Failed" in types or status(request).get("certificate"):
        return None
    old = now - (created(request) or now)
    if old < age:
        return None
    state = "unissued" if "Approved" in types else "pending"
    data: dict[str, JSON] = {
        "name": name(request),
        "state": state,
        "requester": str(spec(request).get("username") or ""),
        "signer": str(spec(request).get("signerName") or ""),
        "age": int(old),
    }
    text = message(f"certificates.request-{state}", requester=data["requester"], minutes=int(old // 60))
    return Row(name(request), Verdict.WARN, text, value=data["age"], data=data)


# --- how long they are good -----------------------------------------------------------------------------------------


def _graded(left: float, params: Mapping[str, JSON]) -> Verdict:
    """By days that are left: over is a failure, few are a warning."""
    if left <= float(params["fail"]):
        return Verdict.FAIL
    return Verdict.WARN if left <= float(params["warn"]) else Verdict.OK


def row_of(target: str, found: Iterable[float | None], params: Mapping[str, JSON], now: float) -> Row:
    """The row of one bundle: its certificate that ends first decides; one that cannot be read makes it unknown."""
    ends_at = list(found)
    known = [end for end in ends_at if end is not None]
    if not known or len(known) < len(ends_at):
        text = message("certificates.unread")
        return Row(target, Verdict.UNKNOWN, text, data={"reason": "unparsable"})
    left = (min(known) - now) / DAY
    # one bundle may carry the old authority beside the new one: it is over only when none is good any more
    longest = (max(known) - now) / DAY
    verdict = _graded(left, params)
    if verdict is Verdict.FAIL and longest > float(params["warn"]):
        verdict = Verdict.WARN
    data: dict[str, JSON] = {"days": int(left // 1), "certificates": len(known)}
    which = "over" if left <= 0 else "left"
    return Row(
        target, verdict, message(f"certificates.{which}", days=abs(int(left // 1))), int(left // 1), data
    )


def _folded(rows: list[Row]) -> Judgement:
    known = [row for row in rows if isinstance(row.value, int)]
    first = min(known, key=lambda row: int(row.value or 0), default=None)
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "days": first.value if first else None,
        "worst": first.target if first else "",
    }
    return folded(rows, message("certificates.summary", **data), value=data["days"], data=data)


def judge_authorities(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The authorities in ConfigMaps of kube-system: clients', requestheader's and the API server's own."""
    if lost := failure(facts, "maps"):
        return lost
    rows = []
    for obj in sorted(facts["maps"].items, key=name):
        held = obj.get("data")
        for key, text in sorted((held if isinstance(held, Mapping) else {}).items()):
            if isinstance(text, str) and "BEGIN CERTIFICATE" in text:
                rows.append(row_of(f"{name(obj)}/{key}", ends(text), params, now))
    if not rows and facts["maps"].items:
        return unknown("unparsable", message("certificates.unread"))
    if not rows:
        return Judgement(Verdict.SKIPPED, message("certificates.none"))
    return _folded(rows)


def judge_server_certificates(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """What ``openssl s_client`` was shown by a TLS server, by node: the first certificate is the server's own."""
    if lost := nobody(facts, "session"):
        return lost
    rows = []
    for at in nodes_of(facts, "session"):
        if answer := at.failed("session"):
            rows.append(unread(at.target, answer))
        else:
            found = ends(str(at.value("session")["pem"]))
            rows.append(row_of(at.target, found[:1], params, now))
    return _folded(rows)


def judge_webhook_authorities(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The caBundle of every admission webhook, APIService and conversion webhook that has one."""
    if lost := failure(facts, "validating", "mutating", "apis"):
        return lost
    rows = []
    for read in ("validating", "mutating"):
        for config in sorted(facts[read].items, key=name):
            for hook in hooks(config):
                client = hook.get("clientConfig")
                bundle = client.get("caBundle") if isinstance(client, Mapping) else None
                rows += _bundle(f"{name(config)}/{hook.get('name')}" if bundle else "", bundle, params, now)
    for api in sorted(facts["apis"].items, key=name):
        bundle = spec(api).get("caBundle")
        rows += _bundle(name(api), bundle, params, now)
    if not rows:
        return Judgement(Verdict.SKIPPED, message("certificates.no-bundles"))
    return _folded(rows)


def _bundle(target: str, bundle: object, params: Mapping[str, JSON], now: float) -> list[Row]:
    """One row where there is a bundle: base64 of PEM."""
    if not isinstance(bundle, str) or not bundle:
        return []
    try:
        text = base64.b64decode(bundle, validate=True).decode("ascii", "replace")
    except (binascii.Error, ValueError):
        text = ""
    return [row_of(target, ends(text), params, now)]
