"""kb.lint on guides by themselves: what the schema allows and an operator would curse."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.lint import lint
from kb.lint.guides import too_general
from kb.lint.kubectl import lacks_namespace
from kb.paths import ASSETS
from kb.shell import parse
from tests.kb.lint.conftest import Lint

T = "{en: e, zh: z}"
GUIDE = f"""
signatures: ["lease renewal failed in ipam.go"]
checks:
  leases: {{use: ipam.leases}}
symptoms:
  - {{id: vanish, text: {T}, checks: [leases]}}
causes:
  - id: clock
    text: {T}
    evidence: [leases]
    supported_when: 'leases.verdict == "fail"'
    refuted_when: 'leases.verdict == "ok"'
    fix: [renew]
steps:
  - id: renew
    text: {T}
    impact: {T}
    action: {{exec: {{on: ovs, argv: [lease, renew, "--all"]}}}}
    verify: {{check: leases}}
    undo: {{text: {T}}}
"""


@pytest.mark.parametrize(
    ("before", "after", "code", "marked"),
    [
        ('"--all"', '"<node-name>"', "guide.placeholder", "- id: renew"),
        ('"--all"', "YOUR_NODE", "guide.placeholder", "- id: renew"),
        ("{en: e, zh: z}", "{en: 'TODO', zh: z}", "guide.todo", ""),
        ("lease renewal failed in ipam.go", "failed", "guide.signature-general", ""),
        ("fix: [renew]", "fix: []", "guide.cause-no-fix", "- id: clock"),
        ("  leases: {", "  spare: {use: ipam.spare}\n  leases: {", "guide.check-unused", "spare:"),
    ],
)
def test_a_mistake_is_found_where_it_stands(
    linted: Lint, before: str, after: str, code: str, marked: str
) -> None:
    assert before in GUIDE
    text = GUIDE.replace(before, after, 1)
    line = text[: text.index(marked)].count("\n") + 1 if marked else 0
    assert (code, line) in [(p.code, p.line) for p in linted(guide=text)]


def test_a_good_guide_has_no_findings(linted: Lint) -> None:
    assert linted(guide=GUIDE) == []


@pytest.mark.parametrize(
    "text",
    [
        "error",
        "Connection refused",
        "failed to connect",
        "12:30:01",
        "超时",
        "ERROR: pod restarted",
        "",
        "E1",
    ],
)
def test_what_any_log_says_is_too_general(text: str) -> None:
    assert too_general(text)


@pytest.mark.parametrize(
    "text",
    [
        "Too many open files",
        "No such device",
        "netlink: too many handles",
        "OOMKilled ovs-ovn",
        "流表下发失败",
    ],
)
def test_what_names_something_is_a_signature(text: str) -> None:
    assert not too_general(text)


def test_the_shipped_knowledge_is_clean() -> None:
    found = [p for p in lint([ASSETS]) if not p.code.startswith("glossary.")]
    assert [str(p) for p in found] == []


@pytest.mark.parametrize(
    ("command", "lacks"),
    [
        ("kubectl get pods", "read"),
        ("kubectl get po,svc -o wide", "read"),
        ("kubectl logs web-0", "read"),
        ("kubectl describe pod/web-0", "read"),
        ("kubectl -o yaml get deploy web", "read"),
        ("/usr/bin/kubectl get deployments.apps web", "read"),
        ("kubectl rollout status deploy/web", "read"),
        ("kubectl delete pod web-0 --force", "write"),
        ("kubectl exec -it web-0 -- kubectl -n a get po", "write"),
        ("kubectl scale --replicas=0 deploy/web", "write"),
        ("kubectl rollout restart deploy/web", "write"),
        ("kubectl set image deploy/web web=nginx", "write"),
        ("kubectl label pod web-0 a=b", "write"),
        ("kubectl get pods -A", ""),
        ("kubectl get pods -n kube-system", ""),
        ("kubectl get pods -nkube-system", ""),
        ("kubectl get --namespace=a pods", ""),
        ("kubectl get nodes", ""),
        ("kubectl get subnet,vpc", ""),
        ("kubectl label node n1 a=b", ""),
        ("kubectl delete -f all.yaml", ""),
        ("kubectl apply -k .", ""),
        ("kubectl top nodes", ""),
        ("kubectl cluster-info", ""),
        ("kubectl", ""),
        ("helm list", ""),
    ],
)
def test_whether_kubectl_says_its_namespace(command: str, lacks: str) -> None:
    (parsed,) = parse(command).commands
    assert lacks_namespace([word.text for word in parsed.words]) == lacks


@pytest.mark.shared
def test_the_report_on_the_corpus_is_short_and_has_no_errors() -> None:
    """A root that is fine on the whole: few findings per article, none that says a file cannot be used."""
    corpus = Path(__file__).resolve().parents[4] / "shared" / "corpus"
    if not corpus.is_dir():
        pytest.skip("the customer's corpus is not here")
    found = list(lint([corpus]))
    assert [str(p) for p in found if p.severity == "error"] == []
    articles = {p.article for p in found}
    assert 20 < len(found) < 3 * len(articles)
