"""Every shipped check that runs commands: refused them, and given what they print elsewhere, it says the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from checks.catalogue import Catalogue, load_catalogue
from checks.layout import load_layout
from checks.live import connect
from checks.model import CheckSpec, ExecRead, Result
from checks.pasting.elsewhere import asks
from checks.pasting.pasted import Pasted, read_paste
from checks.runner import run_all
from kb.model import CheckUse
from tests.checks.troubled import bed


def once(spec: CheckSpec) -> bool:
    """Whether its commands run once: of several samples the evidence does not keep the times."""
    commands = [read for read in spec.reads.values() if isinstance(read, ExecRead)]
    return bool(commands) and all(read.samples == 1 and "samples" not in read.numbers for read in commands)


def text_of(result: Result) -> str:
    """What klinik's script would print, had it been run where the commands are allowed."""
    told = [e for e in result.evidence if e.command and "exec" in e.command[:5] and not e.error]
    return "".join(f"== {e.read}@{e.target}\n{e.text}\n== rc=0\n" for e in told)


def pasted_of(catalogue: Catalogue, results: Mapping[str, Result]) -> dict[str, tuple[Pasted, ...]]:
    found = {}
    for alias, result in results.items():
        text = text_of(result)
        if text:
            found[alias] = read_paste(catalogue.get(result.check), text, by="chen", now=result.at)
    return found


def test_a_paste_gives_the_verdict_that_the_cluster_would_have_given(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    uses = [CheckUse(spec.id, spec.id) for spec in catalogue if once(spec) and spec.cost != "heavy"]
    with bed(tmp_path, "mac-binding-leak") as running:
        cluster = connect(kubeconfig=str(running.kubeconfig))
        allowed = run_all(cluster, uses, catalogue)
        for verb in ("create", "get"):
            running.server.faults.forbid(verb, "pods", subresource="exec")
        refused = run_all(cluster, uses, catalogue)
        pasted = pasted_of(catalogue, allowed)
        answered = run_all(cluster, uses, catalogue, pasted=pasted)
        cluster.close()
    blind = {alias for alias, result in refused.items() if result.judgement.reason == "forbidden"}
    assert len(blind) > 25
    for alias in blind:
        assert asks(catalogue.get(alias), refused[alias], load_layout()), alias
    whole = {a for a in blind if not any(e.truncated for e in allowed[a].evidence)}
    said = {alias: (answered[alias].verdict, answered[alias].judgement.value) for alias in whole}
    wanted = {alias: (allowed[alias].verdict, allowed[alias].judgement.value) for alias in whole}
    assert said == wanted
    assert all(answered[alias].pasted for alias in whole if pasted.get(alias))
