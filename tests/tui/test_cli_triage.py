"""`klinik triage`: each staged incident leads to its article, a healthy cluster to none."""

from __future__ import annotations

import json

import pytest

from checks.catalogue import load_catalogue
from checks.findings.triage import symptom_aliases
from kb.library import open_library
from kb.paths import ASSETS
from tests.tui.here import Run, here
from tests.tui.test_cli import STAGED


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return here(tmp_path_factory.mktemp("home"))


def test_every_article_has_a_symptom_that_triage_can_see() -> None:
    library, catalogue = open_library([ASSETS]), load_catalogue()
    for name in library.guided:
        article = library.get(name)
        assert article is not None
        assert article.guide is not None
        costs = {catalogue.get(article.guide.checks[a].check).cost for a in symptom_aliases(article.guide)}
        assert "cheap" in costs, name


@pytest.mark.parametrize(("scenario", "article"), [(s, a) for s, a, _ in STAGED])
def test_the_incident_leads(command: Run, scenario: str, article: str) -> None:
    done = command("triage", "--practice", scenario, "-o", "json")
    document = json.loads(done.stdout)
    assert document["matches"][0]["article"] == article
    assert done.returncode == 1
    assert 0 < document["matches"][0]["score"] <= 1
    assert any(s["verdict"] in ("fail", "warn") for s in document["matches"][0]["symptoms"])


def test_a_healthy_cluster_matches_nothing(command: Run) -> None:
    done = command("triage", "--practice", "healthy")
    assert done.returncode == 0
    assert "none of the 5 articles" in done.stdout
