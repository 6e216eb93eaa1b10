"""The order of the run: files that take minutes come first, so that no worker is left alone with one at the end."""

from __future__ import annotations

import pytest

LONGEST = (
    "tests/tui/test_incidents.py",
    "tests/tui/test_ways.py",
    "tests/tui/test_derived.py",
    "tests/checks/test_walk_practice.py",
    "tests/tui/test_cli.py",
    "tests/tui/test_readonly.py",
    "tests/checks/test_kill_practice.py",
    "tests/ovn/test_mac_bindings.py",
    "tests/checks/bundle/test_replay.py",
    "tests/tui/test_writing.py",
    "tests/kb/importing/test_import.py",
    "tests/kb/test_derive_corpus.py",
    "tests/kb/test_index_kill.py",
    "tests/checks/test_trouble_e2e.py",
    "tests/checks/test_trouble_catalogue.py",
    "tests/checks/test_walk_kill.py",
    "tests/tui/test_trouble.py",
    "tests/checks/test_scenarios.py",
)
"""By what ``pytest --durations=40`` shows, the longest first; `make test` gives out whole files in this order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves the longest files to the front; everything else stays in its order."""
    place = {name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(LONGEST)))
