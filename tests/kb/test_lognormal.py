"""Normal forms of log lines: what varies is gone, what tells stays, and no line takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.lognormal import GAP, LONGEST, NormalLine, message_of, normal, normal_literal


def words(line: str) -> str:
    return " ".join(normal(line).words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 12ms to sync 3 ports", "took 1m3s to sync 99 ports"),
        ("dial tcp 10.0.0.1:6641: refused", "dial tcp [fd00:10::7]:6642: refused"),
        ("pod web-7d9f8b6c5d-x2x4z is gone", "pod web-5c6b7d8f9-k9wzt is gone"),
        ("mac 00:00:00:1a:2b:3c moved", "mac aa:bb:cc:dd:ee:ff moved"),
        ("row 0b1c2d3e-1111-2222-3333-444455556666 lost", "row ffffffff-aaaa-bbbb-cccc-000000000000 lost"),
        ("container 4f1d0c9be37a exited", "container 99aa77cc55ee exited"),
        ("limit 512Mi used", "limit 2Gi used"),
        ('name "a": bad', "name 'a': bad"),
        ("port eth0 down", "port eth17 down"),
        ("image sha256:0123456789abcdef missing", "image sha256:fedcba9876543210 missing"),
    ],
)
def test_what_varies_makes_no_difference(one: str, other: str) -> None:
    assert words(one) == words(other) != ""


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "2026-11-20T15:19:19.328Z|00045|netdev|WARN|",
        "2026-11-20T15:19:19.328Z|00045|netdev(handler12)|ERR|",
        "E1121 12:15:24.123456   12345 kubelet.go:2345] ",
        "Nov 21 12:15:24 node-1 kubelet[1234]: E1121 12:15:24.123456    1234 kubelet.go:2345] ",
        "2026-11-21T12:00:00.123456789Z stderr F ",
        "[pod/web-0/app] 2026-11-21 12:00:00,123 ERROR ",
        "\x1b[31m2026/11/21 12:00:00 [error] \x1b[0m",
        "[12345.678901] ",
        "var/log/app.log:17:",
    ],
)
def test_prefixes_of_log_lines_go(prefix: str) -> None:
    assert words(f"{prefix}device gone1_h vanished from bridge") == words(
        "device gone1_h vanished from bridge"
    )


@pytest.mark.parametrize(
    ("line", "message", "level"),
    [
        ('{"level":"warn","msg":"slow apply","took":"2s"}', "slow apply", "warning"),
        ('{"log":"E1121 12:15:24.1 1 a.go:1] boom happened\\n","stream":"stderr"}', "boom happened", "error"),
        ('2026-11-21T12:00:00Z stderr F {"level":"error","msg":"boom"}', "boom", "error"),
        ("I1121 12:15:24.123456 1 a.go:1] all is well", "all is well", "info"),
        ('time="2026-11-21T12:00:00Z" level=error msg="boom"', None, "error"),
        ("5m  Warning  BackOff  pod/web  restarting", None, "warning"),
        ("plain words", "plain words", ""),
        ('{"broken": ', '{"broken": ', ""),
    ],
)
def test_messages_and_levels_are_found_in_their_wrapping(line: str, message: str | None, level: str) -> None:
    found, found_level = message_of(line)
    assert found_level == level
    if message is not None:
        assert found.strip() == message.strip()


def test_identifiers_and_paths_stay() -> None:
    assert words("could not open /var/lib/kubelet/config.yaml for ovs-vswitchd: EMFILE") == (
        "could not open var/lib/kubelet/config.yaml for ovs-vswitchd emfile"
    )
    assert normal("磁盘空间不足").words == tuple("磁盘空间不足")


def test_placeholders_of_articles_are_gaps_but_not_at_the_ends() -> None:
    assert normal_literal("<name> failed: pod ${POD} … is <none> bad …").words == (
        "failed", "pod", GAP, "is", GAP, "bad",
    )  # fmt: skip


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        ":",
        "1:",
        "-b2",
        "[ ",
        " ",
        "{",
        "<",
        "1.",
        "a.",
        "fe:",
        "1m",
        "\x1b[",
        '"',
        "é1",
        "$A",
        '{"a":',
    ],
)
def test_no_line_takes_long(unit: str) -> None:
    line = unit * (1_000_000 // len(unit))
    began = time.process_time()
    normal(line)
    normal_literal(line)
    assert time.process_time() - began < 0.5


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("utf-8", "replace")))
def test_any_line_has_a_normal_form_of_words(line: str) -> None:
    form = normal(line)
    assert isinstance(form, NormalLine)
    assert all(word and not any(c.isspace() for c in word) for word in form.words)
    assert normal(line) == form
    assert len(form.words) <= LONGEST
