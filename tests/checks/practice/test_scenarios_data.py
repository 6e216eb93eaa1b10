"""The scenarios as data: complete, in both languages, and readable in error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.cluster import PODS
from checks.practice.scenario import ScenarioError, build_world, list_scenarios, load_scenario, merge

STAGED = {
    "healthy": ("", ""),
    "monitored": ("", ""),
    "mac-binding-leak": ("ovn-mac-binding-leak", "stale-mac-bindings"),
    "subnet-ip-count-wrong": ("subnet-ip-count-wrong", "leaked-ip-objects"),
    "subnet-status-stale": ("subnet-ip-count-wrong", "stale-subnet-status"),
    "ip-held-by-finalizer": ("subnet-ip-stuck-deleting", "ip-held-subnet-gone"),
    "subnet-held-by-finalizer": ("subnet-ip-stuck-deleting", "subnet-held-stale-status"),
    "ovn-controller-starved": ("ovn-controller-starved", "cpu-not-given"),
    "ovn-controller-busy": ("ovn-controller-starved", "busy-recompute"),
    "ovs-too-many-open-files": ("ovs-too-many-open-files", "flapping-port-leak"),
}


def test_every_incident_is_staged_with_its_cause() -> None:
    """The list names article and cause; the healthy cluster comes first and has neither."""
    found = list_scenarios()
    assert {info.name: (info.article, info.cause) for info in found} == STAGED
    assert found[0].name == "healthy"


@pytest.mark.parametrize("name", sorted(STAGED))
def test_texts_are_there_in_both_languages(name: str) -> None:
    """Title and summary are given in English and Chinese."""
    info = load_scenario(name).info
    for text in (info.title, info.summary):
        assert text.en
        assert not re.search(r"[\u4e00-\u9fff]", text.en)
        assert re.search(r"[\u4e00-\u9fff]", text.zh)


@pytest.mark.parametrize("name", sorted(STAGED))
def test_every_scenario_comes_up(name: str) -> None:
    """All of them build; the world knows its name, pace and version."""
    world = build_world(name, pace=0.5)
    try:
        assert (world.scenario, world.pace) == (name, 0.5)
        assert world.version.startswith("v1.")
    finally:
        world.close()


def test_the_same_scenario_is_staged_alike() -> None:
    """Names and addresses do not change from one run to the next, so that notes about them stay true."""
    worlds = [build_world("healthy", pace=0.5) for _ in range(2)]
    try:
        texts = [
            [(pod["metadata"]["name"], pod["spec"]["nodeName"]) for pod in w.store.scan(PODS)] for w in worlds
        ]
        assert texts[0] == texts[1]
        assert len(texts[0]) > 20
    finally:
        for world in worlds:
            world.close()


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    """The message helps a person who mistyped."""
    with pytest.raises(
        ScenarioError, match=r"no practice scenario 'nope'; there are: healthy, .*mac-binding-leak"
    ):
        load_scenario("nope")


def test_a_part_is_not_a_scenario() -> None:
    """``base`` can only be extended."""
    with pytest.raises(ScenarioError, match="part of scenarios"):
        load_scenario("base")


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    """YAML errors come with file and line."""
    (tmp_path / "bad.yaml").write_text("title: [1\nx: {", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"bad\.yaml:\d+: error"):
        load_scenario("bad", tmp_path)


def test_layers_merge_mappings_replace_lists_and_append_where_asked() -> None:
    """``extends`` is a merge; router options are taken as a whole, because a missing one is the point."""
    base = {"a": {"x": 1, "y": [1]}, "list": [1], "vpc": {"options": {"p": "1"}}}
    over = {"a": {"y": [2]}, "list+": [2], "vpc": {"options": {}}}
    assert merge(base, over) == {"a": {"x": 1, "y": [2]}, "list": [1, 2], "vpc": {"options": {}}}
