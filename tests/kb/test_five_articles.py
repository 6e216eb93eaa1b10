"""The five shipped articles: whole, and first for the words operators use."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kb import open_library
from kb.library import Library

FIVE = (
    "ovn-mac-binding-leak",
    "subnet-ip-count-wrong",
    "subnet-ip-stuck-deleting",
    "ovn-controller-starved",
    "ovs-too-many-open-files",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return open_library(None, tmp_path_factory.mktemp("cache"))


def test_nothing_is_wrong_with_the_shipped_files(library: Library) -> None:
    assert [str(problem) for problem in library.problems] == []


@pytest.mark.parametrize("article", FIVE)
def test_each_has_both_languages_a_guide_and_the_sections_of_an_incident(
    library: Library, article: str
) -> None:
    found = library.get(article)
    assert found is not None
    assert found.guide is not None
    assert sorted(found.texts) == ["en", "zh"]
    for text in found.texts.values():
        kinds = {section.kind for section in text.sections}
        assert {"symptoms", "cause", "resolution", "prevention"} <= kinds, (text.path, kinds)
    assert [s.kind for s in found.texts["en"].sections if s.level == 2] == [
        s.kind for s in found.texts["zh"].sections if s.level == 2
    ]


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("流表 10w 内存", "ovn-mac-binding-leak"),
        ("mac_binding memory", "ovn-mac-binding-leak"),
        ("v4usingIPs 超过", "subnet-ip-count-wrong"),
        ("leaked ip nat gateway", "subnet-ip-count-wrong"),
        ("子网 无法删除 finalizer", "subnet-ip-stuck-deleting"),
        ("subnet stuck deleting", "subnet-ip-stuck-deleting"),
        ("海光 CPU 100% ovn-controller", "ovn-controller-starved"),
        ("inactivity probe disconnect flows missing", "ovn-controller-starved"),
        ("Too many open files ovs", "ovs-too-many-open-files"),
        ("句柄 泄漏", "ovs-too-many-open-files"),
    ],
)
def test_the_words_of_an_operator_find_it_first(library: Library, query: str, article: str) -> None:
    assert library.search(query)[0].article_id == article
    assert library.search(query, prefix_last=True)[0].article_id == article


def test_reading_the_shipped_articles_is_quick() -> None:
    from kb import guidefile, schema, shapes  # noqa: F401  the imports are not what is measured

    library = open_library(None, Path("/nonexistent"))
    began = time.perf_counter()
    assert all(library.get(article) for article in library.guided)
    assert time.perf_counter() - began < 1.0  # 0.15 s alone on the reference machine
