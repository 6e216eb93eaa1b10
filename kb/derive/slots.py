"""A command line of an article to a template: what stands for the reader's own values becomes ``{input}`` slots."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kb.derive.names import FLAGS, KINDS, NODE_VERBS, InputType, Named, named
from kb.shell import parse

_ANGLE = re.compile(r"<([A-Za-z\u3400-\u9fff](?:[^<>\n|&;$`\"'(){}]{0,58}[^<>\n|&;$`\"'(){}\s])?)>")
_CONTINUED = re.compile(r"[ \t]*(?<!\\)\\\n[ \t]*")
_NO_PLACEHOLDERS = frozenset(("none", "nil", "unknown", "unset", "invalid", "EOF", "br", "code", "pre"))
_MUSTACHE = re.compile(r"\{\{\s*([A-Za-z_][\w-]*(?:[ .][\w-]+)*)\s*\}\}")
_TEMPLATE_WORDS = frozenset(("end", "range", "if", "else", "with", "template", "define", "block", "printf"))
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w{0,60})\}|([A-Za-z_]\w{0,60}))")
_SQUARE = re.compile(
    r"(?<![\w\]}\"'$.])\[([A-Za-z][A-Za-z-]{2,30}(?:[ _-][A-Za-z]+){0,3}|[\u3400-\u9fff]{1,12})\](?![\w(])"
)
_FULLWIDTH = re.compile(r"[＜《【]([^＜＞《》【】\n]{1,40})[＞》】]")
_CAPITALS = re.compile(
    r"(?<![\w${}./-])((?:YOUR|MY)[_-][A-Z0-9_-]+|(?:[A-Z][A-Z0-9]*[_-])+"
    r"(?:NAME|NAMESPACE|NODE|POD|UUID|ADDRESS|CIDR|SUBNET|CLUSTER)|POD_IP|NODE_IP)(?![\w={}-])"
)
_EXES = re.compile(r"(?<![\w.{}-])(?:[a-z0-9][a-z0-9-]*-)?(?:x{3,}(?:-x{3,})*|X{3,})(?![\w}-])")
_EX_ADDRESS = re.compile(r"\b[xX]{1,3}(?:\.[xX]{1,3}){3}(?:/[xX\d]{1,3})?")
_SAMPLE = re.compile(
    r"(?:(?:my|your|example|sample|demo|foo|some|test)-[a-z0-9]+(?:-[a-z0-9]+){0,4}|[a-z0-9]+(?:-[a-z0-9]+){0,3}-(?:example|sample)"
    r"|foo|bar|example)\Z"
)
_POD_HASH = re.compile(
    r"([a-z0-9]+(?:-[a-z0-9]+){0,8}?)-(?:(?=[a-z]*\d)[a-z0-9]{8,10}-[a-z0-9]{5}"
    r"|[bcdfghjklmnpqrstvwxz2456789]{5}|[a-z]{2,3}\d{2,3})\Z"
)
_NODE_NAME = re.compile(
    r"(?:[a-z0-9]+-)*(?:node|worker|master|control-plane|host)-?\d{1,4}\Z|\d+(?:\.\d+){3}\Z"
)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_NETWORK = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}\Z")
_SHELLS_OWN_TEXT = """
HOME PWD OLDPWD USER PATH HOSTNAME RANDOM SECONDS SHELL TERM LANG EDITOR UID EUID IFS OSTYPE LINENO REPLY
"""
_SHELLS_OWN = frozenset(_SHELLS_OWN_TEXT.split())
_PROBES = frozenset(
    ("ping", "ping6", "nc", "ncat", "telnet", "traceroute", "tracepath", "mtr", "arping", "dig", "nslookup")
)
_ADDRESS_FLAGS = (
    "--ip",
    "--address",
    "--host",
    "-h",
    "--server",
    "--peer",
    "--remote",
    "--src",
    "--dst",
    "--nexthop",
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One input of a command, as the article names it."""

    name: str
    type: InputType
    label: str
    """What stands in the article: ``<pod-name>``, ``my-pod``."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A command line with its slots."""

    shell: str
    slots: tuple[Slot, ...]
    argv: tuple[str, ...]
    """Empty where the line needs a shell."""


@dataclass(slots=True)
class _Work:
    text: str
    slots: dict[str, Slot]
    taken: frozenset[str]

    def slot(self, what: Named, shown: str, default: str = "") -> str:
        """The slot for a placeholder; another thing of the same name gets a number."""
        name = what.name
        if name in self.taken:
            name = f"{name}_value"
        own = self.slots.get(name)
        if own is not None and own.type != what.type and own.label != shown:
            name = f"{name}_2"
        self.slots.setdefault(name, Slot(name, what.type, shown, default))
        return "{" + name + "}"


def template(shell: str, assigned: dict[str, str] | None = None, shell_set: Iterable[str] = ()) -> Template:
    """The line with slots, and its argv where it is one plain command.

    `assigned` are variables with the plain values the article gave them; those in `shell_set` are set by a command
    of the article and stay variables.
    """
    body, document = _split_document(shell)
    body = _CONTINUED.sub(" ", body)
    work = _Work(
        body, {}, frozenset(re.findall(r"\{([A-Za-z_][\w-]*)\}", re.sub(r"\$\{[^}]*\}", "", body + document)))
    )
    _angles(work)
    _variables(work, assigned or {}, frozenset(shell_set))
    _others(work)
    _samples(work)
    outside, work.text = work.text, document
    if document:
        work.text = _ANGLE.sub(lambda m: _in_document(work, m), document)
    document, work.text = work.text, outside
    line = parse(work.text + document)
    simple = line.simple
    argv: tuple[str, ...] = ()
    if simple and simple.words and not simple.assignments and all(w.literal for w in simple.words):
        redirects = [r for r in simple.redirects if r.operator not in ("<<", "<<-")]
        argv = tuple(w.text for w in simple.words) if not redirects else ()
        if any("<" in w or ">" in w or w == "..." for w in argv):
            argv = ()
    return Template(work.text + document, tuple(work.slots.values()), argv)


def _split_document(shell: str) -> tuple[str, str]:
    """The lines of a command, and the bodies of its here-documents, which keep what they hold."""
    if "<<" not in shell or "\n" not in shell:
        return shell, ""
    head, newline, rest = shell.partition("\n")
    return (head, newline + rest) if re.search(r"<<-?\s*['\"\\]?[A-Za-z_]", head) else (shell, "")


def _in_document(work: _Work, match: re.Match[str]) -> str:
    """Placeholders in a document, but no tags of markup."""
    label = match.group(1)
    tag = label in _NO_PLACEHOLDERS or "=" in label or f"</{label}>" in work.text
    return match.group() if tag else work.slot(named(label), f"<{label}>")


def _angles(work: _Work) -> None:
    def put(match: re.Match[str]) -> str:
        label = match.group(1)
        if label in _NO_PLACEHOLDERS:
            return match.group()
        return work.slot(named(label, _hint(work.text, match.start())), f"<{label}>")

    text = _ANGLE.sub(put, work.text)
    text = _FULLWIDTH.sub(lambda m: work.slot(named(m.group(1), _hint(text, m.start())), m.group()), text)
    if "template" not in text and "--format" not in text:
        text = _MUSTACHE.sub(lambda m: _mustache(work, m), text)
    work.text = text


def _mustache(work: _Work, match: re.Match[str]) -> str:
    label = match.group(1)
    if label.split()[0] in _TEMPLATE_WORDS:
        return match.group()
    return work.slot(named(label.rpartition(".")[2]), match.group())


def _hint(text: str, at: int) -> str:
    """What the words before a place say it is."""
    before = text[max(0, at - 80) : at]
    glued = before.endswith(("=", "/"))
    words = before.replace("=", " ").replace("/", " ").split()
    last = words[-1] if words and (glued or before[-1:].isspace()) else ""
    found = FLAGS.get(last) or KINDS.get(last)
    if found and last == "-c" and "exec" not in text and "logs" not in text:
        return ""
    if found and last == "-n" and not re.search(r"\b(?:kubectl|oc|helm|istioctl|virtctl|calicoctl)\b", text):
        return ""
    return found or ""


def _variables(work: _Work, assigned: dict[str, str], shell_set: frozenset[str]) -> None:
    own = set(re.findall(r"(?:^|[\s;&|(])(?:for|read(?:\s+-\w+)*)\s+([A-Za-z_]\w*)", work.text))
    own |= set(re.findall(r"(?:^|[\s;&|(])(?:export\s+|local\s+)?([A-Za-z_]\w*)=", work.text))

    def put(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        if name in own or name in shell_set or name in _SHELLS_OWN or len(name) < 2:
            return match.group()
        value = assigned.get(name, "")
        return work.slot(
            named(name.lower().replace("_", "-"), _hint(work.text, match.start())), match.group(), value
        )

    work.text = _outside_single_quotes(work.text, lambda part: _VARIABLE.sub(put, part))


def _others(work: _Work) -> None:
    def capitals(match: re.Match[str]) -> str:
        label = match.group(1)
        return work.slot(named(label.lower(), _hint(work.text, match.start())), label)

    def exes(match: re.Match[str]) -> str:
        return work.slot(named(match.group(), _hint(work.text, match.start())), match.group())

    def address(match: re.Match[str]) -> str:
        kind = "cidr" if "/" in match.group() else "ip"
        return work.slot(named(kind), match.group())

    work.text = _EX_ADDRESS.sub(address, work.text)
    work.text = _outside_single_quotes(work.text, lambda part: _CAPITALS.sub(capitals, part))
    work.text = _outside_single_quotes(work.text, lambda part: _EXES.sub(exes, part))
    work.text = _outside_single_quotes(
        work.text, lambda part: _SQUARE.sub(lambda m: work.slot(named(m.group(1)), m.group()), part)
    )


def _samples(work: _Work) -> None:
    """Names that are plainly examples, where the place says what they are."""
    if len(work.text) > 4_000:
        return
    parts = re.split(r"(\s+)", work.text)
    words = [part for part in parts if part and not part.isspace()]
    if not words:
        return
    new: list[str] = []
    seen = -1
    for part in parts:
        if not part or part.isspace():
            new.append(part)
            continue
        seen += 1
        new.append(_sample(work, words, seen))
    work.text = "".join(new)


def _sample(work: _Work, words: list[str], at: int) -> str:
    word = words[at]
    before = words[at - 1] if at else ""
    if not re.fullmatch(r"[\w./:=-]+", word) or at == 0:
        return word
    flag, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    kind, slash, name = value.partition("/")
    if slash and kind in KINDS and not equals:
        thing, bare, head = KINDS[kind], name, f"{kind}/"
    else:
        thing, bare, head = _thing(words, at, flag or before), value, f"{flag}=" if equals else ""
    if not bare or bare.startswith("-") or not thing:
        return word
    if _is_sample(thing, bare):
        return head + work.slot(named(thing), bare)
    return word


def _thing(words: list[str], at: int, before: str) -> str:
    """What a word is, from the words before it: ``pod`` in ``kubectl logs X``."""
    tool = words[0].rpartition("/")[2] if words[0] != "sudo" else (words[1] if len(words) > 1 else "")
    if tool in ("kubectl", "oc", "helm", "virtctl") and before in FLAGS:
        return FLAGS[before]
    if before in _ADDRESS_FLAGS or tool in _PROBES:
        return "ip"
    if before == "get" and "route" in words[:at]:
        return "ip"
    if tool not in ("kubectl", "oc"):
        return ""
    plain = [w for i, w in enumerate(words[1:at], 1) if not w.startswith("-") and words[i - 1] not in FLAGS]
    if "--" in words[:at] or not plain:
        return ""
    verb = plain[0]
    if verb in NODE_VERBS and len(plain) == 1:
        return "node"
    if verb in ("logs", "exec", "attach", "debug", "port-forward") and len(plain) == 1:
        return "pod"
    if len(plain) >= 2 and plain[-1] in KINDS and before == plain[-1]:
        return KINDS[plain[-1]]
    return ""


def _is_sample(thing: str, value: str) -> bool:
    if "{" in value:
        return False
    if thing in ("ip", "cidr"):
        return bool(_ADDRESS.match(value) or _NETWORK.match(value)) and _is_private(value)
    if thing == "node":
        return bool(_NODE_NAME.match(value) or _SAMPLE.match(value))
    if thing == "pod" and _POD_HASH.match(value):
        return True
    return bool(_SAMPLE.match(value))


def _is_private(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.is_private and not network.is_loopback and not network.is_link_local


def _outside_single_quotes(text: str, change: Callable[[str], str]) -> str:
    """Applies a change to everything that stands outside single quotes."""
    if "'" not in text:
        return change(text)
    parts: list[str] = []
    start, at, double = 0, 0, False
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == '"':
            double = not double
        elif char == "'" and not double:
            end = text.find("'", at + 1)
            if end < 0:
                break
            parts += [change(text[start:at]), text[at : end + 1]]
            start = at = end + 1
            continue
        at += 1
    parts.append(change(text[start:]))
    return "".join(parts)
