"""kb.tokens: words, identifiers whole and in parts, amounts, Chinese pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.tokens import fold, stem, terms, words


def found(text: str) -> set[str]:
    return set(terms(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v4usingIPs", {"v4usingips", "v4", "using", "ips"}),
        ("ovs-vswitchd", {"ovs-vswitchd", "ovs", "vswitchd"}),
        ("Mac_Binding", {"mac_binding", "mac", "macbind"}),
        (
            "kube-system/ovn-central",
            {"kube-system/ovn-central", "kube-system", "ovn-central", "ovn", "central"},
        ),
        (
            "options:dynamic_neigh_routers",
            {"options:dynamic_neigh_routers", "dynamic_neigh_routers", "neigh"},
        ),
        ("spec.updatePolicy", {"spec.updatepolicy", "updatepolicy", "updat", "policy"}),
        ("流表", {"流表"}),
        ("子网无法删除", {"子网", "无法", "删除"}),
        ("删", {"删"}),
        ("ovn-controller的CPU", {"ovn-controller", "cpu", "的"}),
        ("ＯＶＳ", {"ovs"}),
        ("10w", {"10w", "100000"}),
        ("10万条", {"100000"}),
        ("100,000", {"100000"}),
        ("50k", {"50000"}),
        ("1.5万", {"15000"}),
        ("probes leaked deleting", {"prob", "leak", "delet"}),
    ],
)
def test_a_text_is_found_by_its_terms(text: str, expected: set[str]) -> None:
    assert expected <= found(text)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("流表 10w", "流表 100,000"),
        ("流表 10w", "流表超过10万"),
        ("MacBinding", "mac_binding"),
        ("mac-binding", "Mac_Binding"),
        ("macbinding", "MAC_Binding"),
        ("deleted", "deletes"),
        ("policies", "policy"),
        ("stopping", "stopped"),
    ],
)
def test_two_spellings_share_a_term(one: str, two: str) -> None:
    shared = found(one) & found(two)
    assert shared - {"流表", "mac", "bind"}


@pytest.mark.parametrize(
    "text", ["7f3d2e1a-1111-2222-3333-444455556666", "00:00:00:ab:cd:ef", "10.16.0.1/16", "1.12.27"]
)
def test_addresses_digests_and_versions_have_no_parts(text: str) -> None:
    assert found(text) == {text}


def test_words_keep_their_place_and_order() -> None:
    text = "OVS 流表条数 flow_count"
    got = [(w.text, w.position) for w in words(text)]
    assert got == [("OVS", 0), ("流表", 1), ("表条", 2), ("条数", 3), ("flow_count", 4)]
    assert all(text[w.start : w.end] == w.text for w in words(text))


def test_pairs_do_not_cross_punctuation() -> None:
    assert "表内" not in found("流表，内存")


def test_short_and_special_words_are_not_stemmed_away() -> None:
    assert [stem(word) for word in ("dns", "ovs", "bus", "status", "process", "need", "ring")] == [
        "dns", "ovs", "bus", "status", "process", "need", "ring",
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_any_text_gives_words_inside_it_and_the_terms_of_its_words(text: str) -> None:
    assert len(fold(text)) == len(text)
    listed = list(words(text))
    for word in listed:
        assert fold(text)[word.start : word.end] == word.text
    assert list(terms(text)) == [form.text for word in listed for form in word.forms]
