"""The order of the run, in which files that take minutes come first, and its garbage, collected where it is cheap."""

from __future__ import annotations

import gc
import time
from collections.abc import Generator

import pytest

LONGEST = (
    "tests/tui/test_incidents.py",
    "tests/checks/test_walk_practice.py",
    "tests/tui/test_cli.py",
    "tests/checks/test_trouble_apiserver.py",
    "tests/tui/test_cli_trouble.py",
    "tests/checks/test_trouble_catalogue.py",
    "tests/tui/test_writing.py",
    "tests/tui/test_ways.py",
    "tests/checks/bundle/test_replay.py",
    "tests/ovn/test_controller_and_ports.py",
    "tests/checks/test_fault_list.py",
    "tests/checks/test_scenarios.py",
    "tests/tui/test_readonly.py",
    "tests/tui/test_sessions.py",
    "tests/tui/test_checks.py",
    "tests/tui/test_trouble.py",
    "tests/checks/test_trouble_e2e.py",
    "tests/checks/test_live_trouble.py",
    "tests/kb/test_heldout.py",
    "tests/tui/test_cli_triage.py",
    "tests/ovn/test_mac_bindings.py",
    "tests/tui/test_cli_checks.py",
    "tests/tui/test_derived.py",
    "tests/kb/test_bad_input.py",
    "tests/kb/test_index_kill.py",
    "tests/tui/test_cli_mute.py",
    "tests/checks/test_permits.py",
    "tests/checks/test_fault_time.py",
    "tests/ovn/test_databases.py",
    "tests/checks/test_guides_bc_walked.py",
    "tests/tui/test_execution.py",
)
"""By what ``pytest --durations=40`` shows, the longest first; `make test` gives out whole files in this order."""
LONG = 1.0
"""Seconds after which a test has probably loaded libraries, or made much garbage."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves the longest files to the front; everything else stays in its order."""
    place = {name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(LONGEST)))


def pytest_collection_finish() -> None:
    """Garbage is collected as seldom as klinik does it: a third of all processor time went there.

    Thousands of collected tests and the libraries stay to the end; frozen, they are not looked through again and again.
    """
    gc.set_threshold(100_000, 20, 100)
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """After each file and each long test what stays is frozen: by now nothing holds what the test made."""
    began = time.monotonic()
    done = yield
    if _over(item, nextitem) or time.monotonic() - began > LONG:
        gc.collect()
        gc.freeze()
    return done


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What a file left open is told of there and not in another."""
    if _over(item, nextitem):
        gc.collect()


def _over(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    return nextitem is None or nextitem.path != item.path
