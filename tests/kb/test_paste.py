"""Search by paste: the line that tells is found among thousands, and a healthy log is not called ill."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import open_library
from kb.library import Library
from kb.pastetext import MOST_LINES, looks_like_paste, read
from kb.paths import ASSETS

DICE = random.Random(7)


def ovs(n: int) -> list[str]:
    """What a healthy ovs-vswitchd writes."""
    said = (
        lambda: (
            f"bridge|INFO|bridge br-int: added interface {DICE.randbytes(6).hex()}_h on port {DICE.randint(1, 999)}"
        ),
        lambda: (
            f"bridge|INFO|bridge br-int: deleted interface {DICE.randbytes(6).hex()}_h on port {DICE.randint(1, 99)}"
        ),
        lambda: (
            f"connmgr|INFO|br-int<->unix#{DICE.randint(0, 99)}: {DICE.randint(1, 9)} flow_mods in the last 0 s (4 adds)"
        ),
        lambda: (
            f"memory|INFO|{DICE.randint(10000, 99999)} kB peak resident set size after 10.{DICE.randint(0, 9)} seconds"
        ),
        lambda: (
            "poll_loop|INFO|wakeup due to [POLLIN] on fd 12 (<->/var/run/openvswitch/db.sock) (55% CPU usage)"
        ),
        lambda: "timeval|WARN|context switches: 3 voluntary, 2 involuntary",
        lambda: "rconn|INFO|br-int<->unix#4: connected",
    )
    return [
        f"2026-11-20T{i // 3600 % 24:02d}:{i // 60 % 60:02d}:{i % 60:02d}.{DICE.randint(0, 999):03d}Z"
        f"|{i:05d}|{DICE.choice(said)()}"
        for i in range(n)
    ]  # fmt: skip


def klog(message: str, level: str = "I") -> str:
    clock = f"{DICE.randint(0, 23):02d}:{DICE.randint(0, 59):02d}:07.{DICE.randint(0, 999999):06d}"
    return f"{level}1121 {clock} {DICE.randint(1, 9999):7d} some.go:{DICE.randint(1, 999)}] {message}"


def kubelet(n: int) -> list[str]:
    said = (
        lambda: (
            f'"SyncLoop (PLEG): event for pod" pod="default/web-{DICE.randint(1, 99)}" event={{"Type":"Started"}}'
        ),
        lambda: f'"RemoveContainer" containerID="{DICE.randbytes(32).hex()}"',
        lambda: '"Observed pod startup duration" pod="default/web-7" podStartSLOduration=2.1',
    )
    return [
        f"Nov 21 12:00:00 node-1 kubelet[{DICE.randint(1, 9999)}]: {klog(DICE.choice(said)())}"
        for _ in range(n)
    ]


def controller(n: int) -> list[str]:
    said = (
        "handle add pod default/web-3",
        "update status of subnet net4",
        "take 12 ms to handle add pod default/web-3",
    )
    return [klog(DICE.choice(said)) for _ in range(n)]


def events(n: int) -> list[str]:
    row = "{}m   Normal   Scheduled   pod/web-{}   Successfully assigned default/web-{} to node-2"
    return [row.format(*(DICE.randint(1, 59) for _ in range(3))) for _ in range(n)]


HEALTHY = {"ovs-vswitchd": ovs, "kubelet": kubelet, "kube-ovn-controller": controller, "events": events}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return open_library([ASSETS], tmp_path_factory.mktemp("cache"))


@pytest.fixture
def library(tmp_path: Path) -> Callable[..., Library]:
    def make(**articles: str) -> Library:
        root = tmp_path / "root"
        for name, text in articles.items():
            folder = root / "articles" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "en.md").write_text(text, encoding="utf-8")
        return open_library([root], tmp_path / "cache")

    return make


def test_one_line_among_two_thousand_finds_its_article_and_is_named(shipped: Library) -> None:
    log = ovs(2000)
    log[1233] = "2026-11-20T15:19:19.328Z|00045|netlink_socket|ERR|fcntl: Too many open files"
    found = shipped.paste("\n".join(log))
    best = found.matches[0]
    assert best.article_id == "ovs-too-many-open-files"
    assert (best.lines[0].number, best.lines[0].matched) == (1234, "Too many open files")
    assert best.lines[0].text == log[1233]
    assert found.lines_read == found.lines_total == 2000
    assert found.took_ms > 0


def test_warnings_of_the_same_log_do_not_hide_an_error(shipped: Library) -> None:
    log = ovs(2000)
    for place in range(40, 2000, 300):
        log[place] = (
            "2026-11-20T15:19:18.001Z|00044|timeval|WARN|Unreasonably long 1085ms poll interval (9ms user)"
        )
    log[1500] = "2026-11-20T15:19:19.328Z|00045|netlink_socket(handler7)|ERR|fcntl: Too many open files"
    best = shipped.paste("\n".join(log)).matches[0]
    assert (best.article_id, best.lines[0].number) == ("ovs-too-many-open-files", 1501)


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_log_is_not_known(shipped: Library, kind: str) -> None:
    assert shipped.paste("\n".join(HEALTHY[kind](1500))).matches == ()


@pytest.mark.parametrize("article", sorted(p.name for p in (ASSETS / "articles").iterdir()))
def test_every_signature_is_found_inside_every_log(shipped: Library, article: str) -> None:
    guide = shipped.articles[article].guide
    assert guide is not None
    signatures = {*guide.signatures, *(s for symptom in guide.symptoms for s in symptom.signatures)}
    wrappings: tuple[Callable[[str], str], ...] = (
        lambda s: f"2026-11-20T15:19:19.328Z|00045|main|WARN|tcp:10.0.0.3:6642: {s} 5000 ms",
        lambda s: klog(f"{s} in web-3", "E"),
        lambda s: f"2m   Warning   Failed   pod/web-77   {s}",
        lambda s: json.dumps({"level": "error", "ts": 1.5, "msg": s}),
    )
    for signature in sorted(signatures):
        for number, wrap in enumerate(wrappings):
            log = list(HEALTHY.values())[number](60)
            log.insert(30, wrap(signature))
            found = shipped.paste("\n".join(log))
            assert article in [match.article_id for match in found.matches[:2]], (signature, number)
            known = next(match for match in found.matches if match.article_id == article)
            assert known.lines[0].number == 31


MESSAGE = (
    "# Gateway\n\n## Symptoms\n\n```\n"
    "E0701 10:00:00.1 1 gw.go:7] lease of gateway gw-1 revoked by peer 10.0.0.9 after 31s\n```\n"
)


def test_numbers_addresses_and_prefixes_do_not_matter(library: Callable[..., Library]) -> None:
    found = library(gateway=MESSAGE).paste(
        "\n".join(
            [*ovs(50), '{"level":"error","msg":"lease of gateway gw-77 revoked by peer fd00::9 after 2m1s"}']
        )
    )
    assert [match.article_id for match in found.matches] == ["gateway"]
    assert found.matches[0].lines[0].section == "Symptoms"
    assert not found.matches[0].has_guide


def test_a_line_that_a_terminal_wrapped_is_put_together(library: Callable[..., Library]) -> None:
    line = (
        "2026-11-20 15:19:19 ERROR [worker-3 thread] lease of gateway gw-4 revoked by peer 10.9.9.9 after 12s"
    )
    found = library(gateway=MESSAGE).paste(f"{line[:66]}\n{line[66:]}\n")
    assert [match.lines[0].number for match in found.matches] == [1]


def test_placeholders_of_an_article_stand_for_anything(library: Callable[..., Library]) -> None:
    text = "# Vips\n\n## Cause\n\nIt says `vip <name> is held by <node>: refusing takeover` then.\n"
    found = library(vips=text).paste(
        "\n".join([*kubelet(40), klog('vip "blue" is held by node-7: refusing takeover', "E")])
    )
    assert found.matches[0].lines[0].matched == "vip <name> is held by <node>: refusing takeover"


def test_more_lines_of_one_article_weigh_more_but_never_beyond_one(library: Callable[..., Library]) -> None:
    one = "# One\n\n## Symptoms\n\n```\nquasar link failed to negotiate\n```\n"
    both = one.replace("# One", "# Both").replace(
        "negotiate\n", "negotiate\npulsar beacon timed out waiting for quorum\n"
    )
    found = library(one=one, both=both).paste(
        "quasar link failed to negotiate\npulsar beacon timed out waiting for quorum"
    )
    assert [match.article_id for match in found.matches] == ["both", "one"]
    assert 1 >= found.matches[0].score > found.matches[1].score
    assert found.matches[0].lines[0].number in (1, 2)
    assert {line.number for line in found.matches[0].lines} == {1, 2}


def test_what_every_program_writes_is_a_hint_at_most(library: Callable[..., Library]) -> None:
    common = "# Replica\n\n## Symptoms\n\n```\nTraceback (most recent call last):\n```\n"
    real = "# Beacon\n\n## Symptoms\n\n```\nBeaconLost: pulsar beacon has no quorum left\n```\n"
    trace = 'Traceback (most recent call last):\n  File "x.py", line 3\nBeaconLost: pulsar beacon has no quorum left'
    found = library(common=common, real=real).paste(trace)
    assert [match.article_id for match in found.matches] == ["real"]
    assert [match.article_id for match in found.hints] == ["common"]


def test_exceptions_are_known_with_and_without_their_package(library: Callable[..., Library]) -> None:
    text = (
        "# Names\n\n## Symptoms\n\nThe log says `UnknownPulsarException beacon.internal` again and again.\n"
    )
    kb = library(names=text)
    trace = (
        "Caused by: org.acme.net.UnknownPulsarException: beacon.internal\n\tat org.acme.Main.run(Main.java:7)"
    )
    assert kb.paste(trace).matches[0].lines[0].number == 1


def test_what_the_scripts_of_an_article_print_is_known(library: Callable[..., Library]) -> None:
    text = (
        '# Sync\n\n## Steps\n\n```yaml\nscript: |\n  if [ -z "$A" ]; then\n'
        '    echo "ERROR: mirror list and mirror tag cannot both be set for $name" >&2\n  fi\n```\n'
    )
    found = library(sync=text).paste("step 1\nERROR: mirror list and mirror tag cannot both be set for web\n")
    assert [line.number for line in found.matches[0].lines] == [2]


def test_two_words_of_trouble_tell_if_one_is_a_name(library: Callable[..., Library]) -> None:
    text = "# Init\n\n## Issue\n\nThe log shows `ring_setup() failed` and `it failed`.\n"
    found = library(init=text).paste("\n".join([*kubelet(30), "[ERROR] ring_setup() failed with 11 tries"]))
    assert [line.matched for line in found.matches[0].lines] == ["ring_setup() failed"]


def test_commands_and_manifests_of_articles_are_no_messages(library: Callable[..., Library]) -> None:
    text = (
        "# Scale\n\n## Resolution\n\n```bash\nkubectl -n kube-system get pods -l app=ovs -o wide\n```\n\n"
        "```yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  restartPolicy: Always\n```\n"
    )
    found = library(scale=text).paste(
        "$ kubectl -n kube-system get pods -l app=ovs -o wide\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n"
        "spec:\n  restartPolicy: Always\n" + "\n".join(events(20))
    )
    assert found.matches == ()


def test_filters_limit_and_languages(library: Callable[..., Library], tmp_path: Path) -> None:
    kb = library(gateway=MESSAGE)
    (tmp_path / "root/articles/gateway/zh.md").write_text(
        MESSAGE.replace("# Gateway", "# 网关租约").replace("Symptoms", "现象"), encoding="utf-8"
    )
    kb.refresh()
    line = "lease of gateway gw-1 revoked by peer 10.0.0.9 after 31s"
    assert kb.paste(line, lang="zh").matches[0].title == "网关租约"
    assert kb.paste(line, lang="en").matches[0].title == "Gateway"
    assert kb.paste(line).matches[0].langs == ("en", "zh")
    assert kb.paste(line).matches[0].guide == "none"
    assert kb.paste(line, where={"id": "nothing"}).matches == ()
    assert kb.paste(line, limit=0).total == 1
    with pytest.raises(ValueError, match="unknown filter"):
        kb.paste(line, where={"colour": "red"})


def test_repeated_lines_are_counted_once(library: Callable[..., Library]) -> None:
    lines = [
        f"E1121 10:00:0{i}.1 1 gw.go:7] lease of gateway gw-{i} revoked by peer 10.0.0.{i} after {i}s"
        for i in range(9)
    ]
    known = library(gateway=MESSAGE).paste("\n".join(["start", *lines])).matches[0].lines
    assert [(line.number, line.times) for line in known] == [(2, 9)]


def test_among_lines_with_the_same_known_words_none_is_lost(library: Callable[..., Library]) -> None:
    text = "# Open\n\n## Symptoms\n\n`could not open quasar vault of <owner>` is logged.\n"
    log = [
        klog(f"could not open quasar door of vault {n} for {word}", "E") for n in range(90) for word in "abc"
    ]
    log[200] = klog("could not open quasar vault of team-a", "E")
    assert library(open=text).paste("\n".join(log)).matches[0].lines[0].number == 201


def test_of_many_long_lines_the_beginnings_are_read(library: Callable[..., Library]) -> None:
    words = ["".join(DICE.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(3000)]
    log = [klog(" ".join(DICE.choices(words, k=480))) for _ in range(4000)]
    log[3000] = f"{MESSAGE.splitlines()[5]} {log[3000]}"
    began = time.process_time()
    found = library(gateway=MESSAGE).paste("\n".join(log))
    assert time.process_time() - began < 6  # two seconds on a quiet machine
    assert found.matches[0].lines[0].number == 3001
    assert found.lines_read <= found.lines_total == 4000


def test_binary_data_is_passed_over_and_the_text_in_it_read(library: Callable[..., Library]) -> None:
    junk = DICE.randbytes(300_000).decode("utf-8", "replace")
    line = "\x1b[31mlease of gateway gw-1 revoked by peer 10.0.0.9 after 31s\x1b[0m"
    found = library(gateway=MESSAGE).paste(f"{junk}\n{line}\n{junk}")
    assert found.matches[0].lines[0].text == "lease of gateway gw-1 revoked by peer 10.0.0.9 after 31s"


def test_lines_of_trouble_are_read_first_when_there_are_too_many() -> None:
    other = [
        f"{DICE.choice('abcdefgh')}{''.join(DICE.choices('klmnopqrst', k=12))} is fine"
        for _ in range(3 * MOST_LINES)
    ]
    other[MOST_LINES + 77] = "backup failed: no space left on device"
    paste = read("\n".join(other))
    assert paste.total == 3 * MOST_LINES
    assert paste.read <= MOST_LINES < paste.total
    assert MOST_LINES + 78 in [line.number for line in paste.lines]


@pytest.mark.parametrize(
    ("text", "is_paste"),
    [
        ("too many open files", False),
        ("ovs 端口 反复 添加", False),
        ("one line\nand another", True),
        ("E1121 12:15:24.123456 1 kubelet.go:2345] failed to sync pod web", True),
        ("2026-11-20T15:19:19.328Z|00045|netlink_socket|ERR|fcntl: Too many open files", True),
        ("", False),
    ],
)
def test_a_paste_is_told_from_a_query(text: str, is_paste: bool) -> None:
    assert looks_like_paste(text) is is_paste


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "1:" * 500_000,
        json.dumps({"items": [{"message": f"failed {i}"} for i in range(40_000)]}),
        "\x00\xff\ufffd" * 200_000,
        "{" * 100_000,
        "\n" * 100_000,
        "\x1b[31m" * 100_000,
    ],
    ids=["one letter", "colons", "json on one line", "binary", "braces", "empty lines", "escapes"],
)
def test_monsters_are_bounded(shipped: Library, text: str) -> None:
    began = time.process_time()
    found = shipped.paste(text)
    assert time.process_time() - began < 3
    assert all(c.isprintable() for match in found.matches for line in match.lines for c in line.text)


def test_ten_thousand_different_lines_take_less_than_a_second(shipped: Library) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    log = [
        klog(f"could not open {''.join(DICE.choices(letters, k=8))} of {''.join(DICE.choices(letters, k=6))}")
        for _ in range(10_000)
    ]
    began = time.process_time()
    found = shipped.paste("\n".join(log))
    assert time.process_time() - began < 2  # a third of a second on a quiet machine
    assert found.lines_read == 10_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(max_size=80) | st.sampled_from(["Too many open files", "{", '{"msg":', "<1>", "\r"]),
        max_size=30,
    )
)
def test_any_text_can_be_pasted(shipped: Library, lines: list[str]) -> None:
    text = "\n".join(lines)
    found = shipped.paste(text)
    given_lines = text.split("\n")
    assert 0 <= found.lines_read <= found.lines_total <= len(given_lines)
    for match in found.matches:
        assert 0 < match.score <= 1
        for line in match.lines:
            assert 1 <= line.number <= len(given_lines)
            assert "\x1b" not in line.text
