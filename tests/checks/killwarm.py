"""Imported by the process that walks are forked from: what takes long is loaded once, and not in every walk."""

from checks.practice.scenario import list_scenarios
from tests.checks import incidentchild  # noqa: F401 the other walks that are forked
from tests.checks.killing import article_of, catalogue

catalogue()
for incident in list_scenarios():
    if incident.article:
        article_of(incident.article)
