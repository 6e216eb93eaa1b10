"""The pure parts of the live client: deadlines, certificates, and what an answer means."""

from __future__ import annotations

import datetime
import json
import threading
import time

import pytest

from checks.errors import (
    ClusterError,
    Conflict,
    Forbidden,
    InDoubt,
    Invalid,
    NotFound,
    Timeout,
    Unauthenticated,
    Unreachable,
)
from checks.live.certificate import not_after
from checks.live.deadline import Deadline, Overdue, bounded
from checks.live.failures import About, Gone, exit_code, refusal
from checks.practice.certs import Authority

READ = About("get", "pods", "kube-system", "p", "https://x")
WRITE = About("patch", "pods", "kube-system", "p", "https://x", write=True)


def status(message: str, **details: object) -> bytes:
    return json.dumps({"kind": "Status", "message": message, "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, status("bad"), Invalid),
        (400, status('previous terminated container "c" in pod "p" not found'), NotFound),
        (401, status("Unauthorized"), Unauthenticated),
        (403, status("pods is forbidden"), Forbidden),
        (404, status('pods "p" not found', name="p"), NotFound),
        (404, b"404 page not found\n", NotFound),
        (409, status("conflict"), Conflict),
        (410, status("too old"), Gone),
        (422, status("invalid"), Invalid),
        (429, status("slow down"), ClusterError),
        (500, status("Internal error occurred: failed calling webhook"), ClusterError),
        (500, status("error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout"), Unreachable),
        (502, b"<html>Bad Gateway</html>", Unreachable),
        (503, status("the server is currently unable to handle the request"), Unreachable),
        (504, status("request timed out"), Timeout),
        (302, b"", ClusterError),
    ],
)
def test_what_an_answer_means(code: int, body: bytes, kind: type[ClusterError]) -> None:
    error = refusal(code, body, READ)
    assert type(error) is kind
    assert (error.verb, error.resource, error.namespace, error.name) == ("get", "pods", "kube-system", "p")
    assert error.text.get("zh")


@pytest.mark.parametrize("code", [502, 504])
def test_a_write_behind_a_lost_gateway_is_in_doubt(code: int) -> None:
    assert type(refusal(code, b"", WRITE)) is InDoubt
    assert type(refusal(500, status("etcdserver: request timed out"), WRITE)) is InDoubt
    assert (
        type(refusal(500, status("failed calling webhook: context deadline exceeded"), WRITE)) is ClusterError
    )


def test_hostile_bodies_do_no_harm() -> None:
    for body in (
        b"",
        b"\xff\xfe",
        b"[1]",
        b'{"kind": "Status", "message": null}',
        b'{"kind": "Status"}',
        b"x" * 10**6,
    ):
        error = refusal(500, body, READ)
        assert len(error.message) < 3000


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ({"status": "Success"}, 0),
        ({"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "137"}]}}, 137),
        (
            {
                "status": "Failure",
                "details": {"causes": [{"reason": "x"}, {"reason": "ExitCode", "message": "1"}]},
            },
            1,
        ),
    ],
)
def test_exit_codes(channel: dict[str, object], code: int) -> None:
    assert exit_code(json.dumps(channel).encode(), READ, "ls") == code


@pytest.mark.parametrize(
    "channel",
    [
        b"",
        b"null",
        b"garbage",
        b'{"status": "Failure"}',
        b'{"details": {"causes": [{"reason": "ExitCode", "message": "x"}]}}',
    ],
)
def test_an_end_without_exit_code_is_never_a_code(channel: bytes) -> None:
    with pytest.raises(ClusterError):
        exit_code(channel, READ, "ls")


@pytest.mark.parametrize("days", [-400, 2, 365 * 40])
def test_the_end_of_a_certificate(days: int) -> None:
    """Both encodings of times: certificates that end after 2049 use the longer one."""
    pair = Authority().client("anna", valid=datetime.timedelta(days=days))
    end = not_after(pair.certificate.decode())
    assert end == pytest.approx(time.time() + days * 86400, abs=60)


BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@pytest.mark.parametrize("text", ["", "nonsense", f"{BEGIN}\n!!!\n{END}", f"{BEGIN}\nAAAA\n{END}"])
def test_no_certificate_has_no_end(text: str) -> None:
    assert not_after(text) is None


def test_bounded_calls_return_and_raise() -> None:
    assert bounded(lambda: 7, Deadline(1)) == 7
    with pytest.raises(ZeroDivisionError):
        bounded(lambda: 1 // 0, Deadline(1))


def test_a_call_that_ignores_its_deadline_is_abandoned() -> None:
    release = threading.Event()
    start = time.monotonic()
    with pytest.raises(Overdue):
        bounded(lambda: release.wait(20), Deadline(0.1))
    assert time.monotonic() - start < 2
    release.set()
