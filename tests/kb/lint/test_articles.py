"""kb.lint on articles: every rule finds its mistake at its line and is silent on what only resembles it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kb.lint import lint
from tests.kb.lint.conftest import FRONT, GOOD, GUT, Lint, with_body

KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEAvq8s9dF3kLmN0pQrStUvWxYz12345678\n" * 3
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsZWFzZXMifQ.c2lnbmF0dXJlLW9mLW15LWxlYXNlcw"


def fence(text: str, info: str = "bash") -> str:
    return f"```{info}\n{text}\n```\n"


def test_an_article_with_nothing_wrong_has_no_findings(linted: Lint) -> None:
    assert linted() == []


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("a\x1b[31mred\n", "text.control", 14),
        ("rm \u202efdp.exe\n", "text.bidi", 14),
        ("kube\u200bctl\n", "text.invisible", 14),
        ("x" * 2_500 + "\n", "text.long-line", 14),
        ("x" * 25_000 + "\n", "text.line-cut", 14),
        ("## Empty\n\n## Cause\n\nNo.\n", "section.empty", 14),
        ("## Which coffee\n\nBlack.\n", "section.unknown", 14),
        ("```bash\nls\n\n## Cause\n", "fence.unclosed", 14),
        ("- one\n\n  ```bash\n  ls\n\nback\n", "fence.unclosed", 16),
        (fence("a:\n\t- b", "yaml"), "fence.tab", 16),
        ("![p](images/no.png)\n", "link.dead-image", 14),
        ("See [it](../nowhere/en.md).\n", "link.dead-article", 14),
        ("Take [it](tool.sh).\n", "link.dead-file", 14),
        ("TODO: the rest\n", "article.todo", 14),
        (KEY, "secret.private-key", 14),
        (f"token {JWT}\n", "secret.token", 14),
        ("key AKIAQ3EGZ7RTWKMLPX2V\n", "secret.token", 14),
        ("password: kR9vTq2LxW7mZp4B\n", "secret.password", 14),
        ("http://admin:h3lpMe!now@10.0.0.1/\n", "secret.url", 14),
        (fence("$ ls -l"), "command.prompt", 15),
        (fence("echo 'open\nls"), "command.unparsable", 15),
        (fence("kubectl get pods"), "command.no-namespace", 15),
        (fence("kubectl delete pod a"), "command.write-no-namespace", 15),
        (fence("x=1\nfoo | kubectl exec a -- ls"), "command.write-no-namespace", 16),
        (fence("$ kubectl \\\n    scale deploy/a --replicas=0"), "command.write-no-namespace", 15),
    ],
)
def test_a_mistake_is_found_at_its_line(linted: Lint, body: str, code: str, line: int) -> None:
    found = linted(*with_body(body))
    assert (code, line) in [(p.code, p.line) for p in found], found
    assert all(p.article == "leases" for p in found)


@pytest.mark.parametrize(
    "body",
    [
        "Emoji 👩\u200d🔧 and क\u094d\u200dष keep their joiners.\n",
        fence("if a; then\n\tb\nfi"),
        fence("$ ls -l\ntotal 0", "console"),
        fence("kubectl get pods -n a\nkubectl get po -A\nkubectl -n a exec b -- ls -n\nkubectl get node,sc"),
        fence(
            "kubectl apply -f a.yaml\nkubectl delete -f a.yaml\nkubectl get subnet\nkubectl get pods --namespace=a"
        ),
        fence("kubectl config set-context --current --namespace=a\nkubectl delete pod b"),
        fence("kubectl get <kind> <name> -n <namespace> | grep '<a b>'"),
        fence("cat <<EOF\nit's fine\nkubectl delete pod a\nEOF"),
        fence("it's an answer, no command", "text"),
        fence('SA=${SA:-"default"}\ngrep -E "^(a|b)$" x | column -t -s $\'\\t\''),
        fence("kubectl apply -f - <<'EOF'\nit's\nEOF\necho \"$((1 + 2)) ${a#*\\'}\""),
        "## Case 1: at night\n\n### Symptoms\n\nBad.\n\n### Resolution\n\nSleep.\n",
        fence("kubectl delete pod a", "yaml"),
        "```\nin `](no.md)` code\n```\n",
        "`[a](no.md)` and [b](https://example.com/no.md) and [c](#cause) and ![d](data:image/png;base64,aa)\n",
        "See [the other](../leases/zh.md), [here](/solutions/leases.md) and [this](leases).\n",
        "password: ${PASSWORD}\ntoken: <token>\npassword: changeme-1234-ABCD\napiKey: some-kind-of-Name-2-of-a-thing\n",
        "https://user:$TOKEN@git/ https://<user>:<password>@host/ http://user:password@host/\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
        fence("-----BEGIN RSA PRIVATE KEY-----\n<key>", "text"),
        "~~~\n```\nnot closed inside\n~~~\n",
        "````md\n```bash\n```\n````\n",
        "### Any heading below a section\n\nFine.\n",
    ],
)
def test_what_only_resembles_a_mistake_is_none(linted: Lint, body: str) -> None:
    assert linted(*with_body(body)) == []


def test_beside_dollar_prompts_a_number_sign_begins_a_comment(linted: Lint) -> None:
    found = linted(*with_body(fence("# first look\n$ ls\n[root@a ~]# ls\n# done")))
    assert {p.message.rpartition(": ")[2] for p in found if p.code == "command.prompt"} == {"lines 16, 17"}


def test_many_places_of_one_kind_are_one_finding(linted: Lint) -> None:
    found = linted(*with_body(fence("\n".join(f"kubectl get pod {n}" for n in range(40)))))
    assert [p.code for p in found] == ["command.no-namespace"] * 2  # one for each language
    assert found[0].message.endswith("lines 15, 16, 17, 18, 19 and 35 more")
    assert "第 15、16、17、18、19 行，另有 35 行" in found[0].zh


def test_a_secret_is_not_repeated_in_the_finding(linted: Lint) -> None:
    found = linted(*with_body("password: kR9vTq2LxW7mZp4B\n"))
    assert found
    assert not any("kR9v" in p.message + p.zh for p in found)


def test_a_troubleshooting_article_needs_something_to_do(linted: Lint) -> None:
    found = linted(FRONT + "# T\n\n## Symptoms\n\nBad.\n", FRONT + "# 标题\n\n## 现象\n\n坏。\n")
    assert [p.code for p in found] == ["section.no-steps", "section.no-steps"]
    assert (
        linted(
            "---\nkind: [Information]\n---\n# T\n\n## Symptoms\n\nx\n",
            "---\nkind: [Information]\n---\n# 题\n\n## 现象\n\n坏\n",
        )
        == []
    )


def test_the_lines_of_a_file_without_utf8_and_with_crlf_are_right(linted: Lint) -> None:
    text = with_body("## Empty\n")[0].replace("\n", "\r\n").replace("vanish", "vanish\x00")
    found = linted(text)
    assert ("section.empty", 14) in [(p.code, p.line) for p in found]
    found = linted(GOOD, (GUT + "\n## 空\n").encode("gb18030"))
    assert [(p.code, p.line) for p in found if p.code == "section.empty"] == [("section.empty", 14)]


# --- two languages --------------------------------------------------------------------------------------------------


def test_a_translation_of_an_older_state_is_stale(linted: Lint) -> None:
    digest = hashlib.sha256(GOOD.encode()).hexdigest()
    fresh = GUT.replace("---\n# ", f"sourceSHA: {digest}\n---\n# ")
    assert linted(GOOD, fresh) == []
    found = linted(GOOD + "\nMore.\n", fresh)
    assert [(p.code, Path(p.path).name) for p in found] == [("translation.stale", "zh.md")]
    assert "articles/leases/en.md" in found[0].message


def test_languages_that_differ_without_a_checksum_are_named(linted: Lint) -> None:
    found = linted(with_body(fence("ls"))[0])
    assert [p.code for p in found] == ["translation.differs"]
    assert "1 in en, 0 in zh" in found[0].message


def test_a_text_in_the_other_language_is_named(linted: Lint) -> None:
    english = GOOD + "The addresses of all pods are renewed from time to time by the operator. " * 10
    found = linted(english, english)
    assert [p.code for p in found] == ["article.wrong-language"]


def test_front_matter_is_compared(linted: Lint) -> None:
    found = linted(GOOD, GUT.replace("Troubleshooting", "How To"))
    assert [p.code for p in found] == ["front.languages-differ"]
    assert [p.code for p in linted("# T\n\nx\n", "# 题\n\n好\n")] == ["front.no-kind"]


def test_a_missing_language_is_said_once_for_a_root_of_one_language(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.md").write_text(GOOD.replace("Leases", name))
    (root,) = [p for p in lint([tmp_path]) if "language" in p.code]
    assert (root.code, root.path) == ("root.one-language", str(tmp_path))
    for name in ("a", "b", "d", "e"):
        (tmp_path / f"{name}.zh.md").write_text(GUT)
        (tmp_path / f"{name}.en.md").write_text(GOOD)
        (tmp_path / f"{name}.md").unlink(missing_ok=True)
    assert [p.article for p in lint([tmp_path]) if p.code == "article.missing-language"] == ["c"]


# --- several articles -----------------------------------------------------------------------------------------------

TERMS = "node lease renew agent pod network gateway route table flow entry cache miss host bridge tunnel"
WORDS = TERMS.split()


def prose(seed: int, length: int = 400) -> str:
    return " ".join(
        WORDS[(seed * 7 + n * n * (seed + 3) + n // 5) % len(WORDS)] + str(n % 13) for n in range(length)
    )


def test_duplicates_name_each_other_and_translations_are_none(tmp_path: Path) -> None:
    files = {
        "one.md": prose(1),
        "same.md": prose(1).replace(" ", "\n").upper(),
        "near.md": prose(1) + " and a little more of it",
        "other.md": prose(2),
        "en/both.md": prose(3),
        "zh/both.md": prose(3),
        "short.md": "few words",
        "short2.md": "few words too",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# T\n\n{text}\n")
    found = {(p.code, p.article): p.message for p in lint([tmp_path]) if "duplicate" in p.code}
    # the first in the order of ids is the one the others repeat
    assert set(found) == {("article.near-duplicate", "one"), ("article.duplicate", "same")}
    assert "near.md" in found["article.near-duplicate", "one"]
    assert "one.md" in found["article.duplicate", "same"]


def test_ids_that_do_not_travel_are_named(tmp_path: Path) -> None:
    for name in ("Leases.md", "leases.md", "con.md", "a:b.md", "fine-名.md"):
        (tmp_path / name).write_text("# T\n\nx\n")
    found = sorted((p.code, p.article) for p in lint([tmp_path]) if "id" in p.code.split(".")[1])
    assert found == [("article.bad-id", "a:b"), ("article.bad-id", "con"), ("article.id-case", "leases")]


def test_front_matter_ids_are_unique(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(f"---\nkind: x\nid: KB1\n---\n# {name}\n\nx\n")
    assert [(p.code, p.article) for p in lint([tmp_path]) if p.code == "front.duplicate-id"] == [
        ("front.duplicate-id", "b")
    ]


def test_an_overridden_article_is_said_of_the_root_that_loses(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
        (root / "a.md").write_text("# A\n\nx\n")
    found = [p for p in lint([first, second]) if p.code == "article.overridden"]
    assert [p.path for p in found] == [str(first / "a.md")]
    # linting the second alone says nothing about the first
    assert all(p.path.startswith(str(second)) for p in lint([first, second], only=[second]))


def test_progress_is_told_and_stopping_early_is_fine(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.md").write_text("")
    told: list[tuple[int, int]] = []
    findings = lint([tmp_path], progress=lambda done, total: told.append((done, total)))
    next(findings)
    assert told == [(0, 3)]
    list(findings)
    assert told == [(0, 3), (1, 3), (2, 3)]
