"""Names and addresses are replaced by the same other ones everywhere, and subnets still hold their addresses."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from checks.bundle.masks import Masks, names_of


@pytest.fixture
def masks() -> Masks:
    return Masks("key", ["node-1", "web", "prod-db-7c9f"], addresses=True)


@pytest.mark.parametrize(
    "text",
    ["10.16.0.5", "172.20.1.9", "192.168.3.4", "8.8.4.4", "fd00:10:16::5", "00:00:00:aa:bb:cc"],
)
def test_an_address_becomes_another_of_its_kind(masks: Masks, text: str) -> None:
    changed = masks.text(f"from {text}, again {text}")
    assert text not in changed
    first, second = changed.removeprefix("from ").split(", again ")
    assert first == second
    if text.count(":") != 5:
        assert ip_address(first).is_private == ip_address(text).is_private


@pytest.mark.parametrize(
    ("network", "inside"),
    [
        ("10.16.0.0/16", "10.16.200.9"),
        ("10.96.0.0/12", "10.99.3.4"),
        ("10.0.0.0/8", "10.1.2.3"),
        ("192.168.0.0/16", "192.168.77.1"),
        ("192.168.4.0/22", "192.168.7.1"),
        ("100.64.0.0/10", "100.100.1.1"),
        ("203.0.113.0/24", "203.0.113.200"),
    ],
)
def test_a_subnet_still_holds_its_addresses(masks: Masks, network: str, inside: str) -> None:
    assert ip_address(masks.text(inside)) in ip_network(masks.text(network))


@pytest.mark.parametrize(
    "text", ["v1.9.27", "1.28.3", "12:30:45", "127.0.0.1", "::1", "fe80::1", "0.0.0.0/0", "999.1.2.3"]
)
def test_what_is_no_address_of_a_site_stays(masks: Masks, text: str) -> None:
    assert masks.text(text) == text


def test_a_range_is_masked_at_both_ends(masks: Masks) -> None:
    low, high = masks.text("10.16.0.1..10.16.3.9").split("..")
    assert ip_address(low) < ip_address(high)
    assert "10.16." not in low + high


def test_a_name_is_found_inside_of_longer_ones(masks: Masks) -> None:
    changed = masks.text("kube-apiserver-node-1 on node-1; prod-db-7c9f.default:8080; node-12")
    assert "node-1 " not in changed
    assert "prod-db" not in changed
    assert changed.startswith("kube-apiserver-x")
    assert changed.endswith("; node-12")


def test_an_ordinary_word_is_replaced_as_a_field_only(masks: Masks) -> None:
    assert masks.text("the web is down") == "the web is down"
    tree = masks.tree({"metadata": {"name": "web", "namespace": "web"}, "note": "the web"})
    assert tree["metadata"]["name"] == tree["metadata"]["namespace"] != "web"
    assert tree["note"] == "the web"


def test_names_of_the_system_are_nobodys_secret() -> None:
    objects = [
        {"metadata": {"name": "ovs-ovn-x", "namespace": "kube-system"}},
        {"metadata": {"name": "shop-1", "namespace": "shop"}},
        {"metadata": None},
    ]
    assert names_of("pods", objects) == {"shop", "shop-1"}
    assert names_of("nodes", [{"metadata": {"name": "node-1"}}]) == {"node-1"}


def test_beside_a_name_in_one_word_an_ordinary_word_is_a_name() -> None:
    """What OVN writes as ``pod.namespace`` is what the objects say, also where the namespace is a plain word."""
    masks = Masks("key", {"web-0", "shop"}, addresses=False)
    pod = masks.tree({"name": "web-0", "namespace": "shop"})
    assert masks.text("iface-id=web-0.shop") == f"iface-id={pod['name']}.{pod['namespace']}"
    assert masks.text("go to the shop") == "go to the shop"
