"""What a placeholder stands for: the name and type of the input it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

InputType = Literal["string", "name", "int", "cidr", "ip", "node", "choice", "rows"]

TYPES: dict[str, InputType] = {
    **dict.fromkeys(("namespace", "pod", "container", "deployment", "statefulset", "daemonset"), "name"),
    **dict.fromkeys(("service", "secret", "configmap", "pvc", "pv", "job", "image", "subnet", "vpc"), "name"),
    **dict.fromkeys(
        ("vm", "vmi", "router", "switch", "port_name", "vlan_name", "interface", "cluster", "user"), "name"
    ),
    **dict.fromkeys(("name", "resource", "storageclass", "release", "instance", "crd", "csr"), "name"),
    "node": "node",
    "ip": "ip",
    "cidr": "cidr",
    **dict.fromkeys(("port", "count", "number", "replicas", "vlan", "pid", "timeout", "seconds"), "int"),
}
"""Plain names, as inputs carry them, and their types."""

_ALIASES = {
    **dict.fromkeys(("ns", "namespaces", "命名空间", "名字空间", "project", "项目"), "namespace"),
    **dict.fromkeys(("pods", "容器组", "pod名", "pod名称"), "pod"),
    **dict.fromkeys(("containers", "容器", "容器名"), "container"),
    **dict.fromkeys(("nodes", "nodename", "节点", "节点名", "节点名称", "主机", "hostname", "host"), "node"),
    **dict.fromkeys(("deploy", "deployments", "部署"), "deployment"),
    **dict.fromkeys(("sts",), "statefulset"),
    **dict.fromkeys(("ds",), "daemonset"),
    **dict.fromkeys(("svc", "services", "服务", "服务名"), "service"),
    **dict.fromkeys(("cm",), "configmap"),
    **dict.fromkeys(("ipaddress", "address", "addr", "ips", "地址", "ip地址", "vip"), "ip"),
    **dict.fromkeys(("网段", "子网段"), "cidr"),
    **dict.fromkeys(("子网", "子网名", "子网名称"), "subnet"),
    **dict.fromkeys(("端口", "端口号"), "port"),
    **dict.fromkeys(("路由器",), "router"),
    **dict.fromkeys(("交换机",), "switch"),
    **dict.fromkeys(("网卡", "网卡名", "nic", "iface", "dev", "device"), "interface"),
    **dict.fromkeys(("集群", "集群名", "集群名称"), "cluster"),
    **dict.fromkeys(("用户", "用户名", "username"), "user"),
    **dict.fromkeys(("密码", "口令", "passwd", "pass"), "password"),
    **dict.fromkeys(("镜像",), "image"),
    **dict.fromkeys(("名称", "名字", "名"), "name"),
    **dict.fromkeys(("路径",), "path"),
    **dict.fromkeys(("文件", "文件名"), "file"),
    **dict.fromkeys(("版本", "版本号"), "version"),
    **dict.fromkeys(("实例", "实例名", "实例名称"), "instance"),
    **dict.fromkeys(("数量", "副本数"), "count"),
    **dict.fromkeys(("进程号",), "pid"),
}
_FILLER = frozenset(
    ("your", "my", "the", "a", "an", "some", "example", "sample", "actual", "target", "affected")
)
_SECRET = ("password", "token", "secret_value", "passwd", "credential", "api_key", "apikey", "access_key")
_WORDS = re.compile(r"[A-Za-z0-9]+|[\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LONGEST = 40

FLAGS = {
    "-n": "namespace",
    "--namespace": "namespace",
    "-c": "container",
    "--container": "container",
    "--node": "node",
    "--node-name": "node",
    "--context": "context",
    "--replicas": "replicas",
    "--port": "port",
    "--cidr": "cidr",
    "--ip": "ip",
}
"""What the value of an option is, whatever stands for it."""
NODE_VERBS = frozenset(("cordon", "uncordon", "drain"))
KINDS = {
    **dict.fromkeys(("pod", "pods", "po"), "pod"),
    **dict.fromkeys(("node", "nodes", "no"), "node"),
    **dict.fromkeys(("ns", "namespace", "namespaces"), "namespace"),
    **dict.fromkeys(("deploy", "deployment", "deployments"), "deployment"),
    **dict.fromkeys(("sts", "statefulset", "statefulsets"), "statefulset"),
    **dict.fromkeys(("ds", "daemonset", "daemonsets"), "daemonset"),
    **dict.fromkeys(("svc", "service", "services"), "service"),
    **dict.fromkeys(("secret", "secrets"), "secret"),
    **dict.fromkeys(("cm", "configmap", "configmaps"), "configmap"),
    **dict.fromkeys(("pvc", "persistentvolumeclaim"), "pvc"),
    **dict.fromkeys(("pv", "persistentvolume"), "pv"),
    **dict.fromkeys(("vm", "virtualmachine", "virtualmachines"), "vm"),
    **dict.fromkeys(("vmi", "virtualmachineinstance"), "vmi"),
    **dict.fromkeys(("job", "jobs"), "job"),
    **dict.fromkeys(("csr", "certificatesigningrequest"), "csr"),
    **dict.fromkeys(("subnet", "subnets"), "subnet"),
    **dict.fromkeys(("vpc", "vpcs"), "vpc"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """The name, the type, and what the article calls it."""

    name: str
    type: InputType
    label: str


def named(label: str, hint: str = "") -> Named:
    """An input from what stands in the article; `hint` is what the place says it is (``namespace`` behind ``-n``)."""
    words = [w.casefold() for w in _WORDS.findall(_CAMEL.sub(" ", label))]
    words = [_bare(w) for w in words if not re.fullmatch(r"x+", w)]
    while len(words) > 1 and words[0] in _FILLER:
        words.pop(0)
    if len(words) == 1 and words[0] in _FILLER:
        words = []
    plain = _plain(words)
    if plain in TYPES and (not hint or plain not in ("name", "resource")):
        own = hint if hint and plain == "name" else plain
        return Named(own, TYPES.get(own, "string"), label)
    if hint and (not words or (words[-1] == "name" and len(words) == 1) or plain == hint):
        return Named(hint, TYPES.get(hint, "string"), label)
    slug = "_".join(_ascii(word) for word in words if _ascii(word))[:LONGEST].strip("_")
    if not slug or slug[0].isdigit():
        slug = hint or (f"value_{slug}" if slug else "value")
    return Named(slug, _type_of(words, hint), label)


def _bare(word: str) -> str:
    """A Chinese word without the 名称 behind it, where what is left is known."""
    for ending in ("名称", "名字", "地址", "名"):
        bare = word.removesuffix(ending)
        if word.endswith(ending) and bare in _ALIASES:
            numbered = TYPES.get(_ALIASES[bare]) == "int" and ending != "地址"
            return f"{_ALIASES[bare]}_name" if numbered else bare
    return word


def _plain(words: list[str]) -> str:
    """The plain thing that words name: ``pod name`` is a pod; empty where they say more."""
    joined = "".join(words)
    if joined in _ALIASES:
        return _ALIASES[joined]
    if len(words) == 2 and words[1] in ("name", "名", "名称", "id", "address", "addr"):
        head = _ALIASES.get(words[0], words[0])
        if words[1] == "id":
            return ""
        if TYPES.get(head) == "int" and words[1] in ("name", "名", "名称"):
            return f"{head}_name"  # what has a number may have a name too
        return head if head in TYPES else ""
    if len(words) == 1:
        return _ALIASES.get(words[0], words[0] if words[0] in TYPES else "")
    return ""


def _ascii(word: str) -> str:
    return word if word.isascii() else _ALIASES.get(word, "")


def _type_of(words: list[str], hint: str) -> InputType:
    last = _ALIASES.get(words[-1], words[-1]) if words else ""
    if len(words) > 1 and words[-1] in ("host", "hostname"):
        return "string"  # an ingress host is a name of the outside, no node
    if last == "name" and len(words) > 1:
        before = _ALIASES.get(words[-2], words[-2])
        return "node" if before == "node" else "name"
    if last in ("node", "ip", "cidr", "port", "namespace", "pod", "count", "pid"):
        return TYPES[last]
    if hint in TYPES:
        return TYPES[hint]
    return "string"


def is_secret(name: str) -> bool:
    """Whether an input is a secret: its value must not be kept."""
    small = name.casefold()
    return any(part in small for part in _SECRET)
