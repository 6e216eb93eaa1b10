"""What one line is on the evidence of its own characters: a command, a log line, YAML, source text, or a sentence."""

from __future__ import annotations

import re
from functools import lru_cache

from kb.importing.commandwords import ALONE, PROSE, SUBCOMMANDS, SURE, WORDS

REMEMBERED = 5_000
"""Lines whose kind is remembered: neighbours are asked again and again."""
LONGEST = 1200
"""Characters of a line that are looked at; what a line is shows in its beginning."""
HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
PROMPT = re.compile(
    r"^(?:\[[^\]\n]{1,80}\]\s?[#$%>]"  # [root@node-1 ~]#
    r"|\(?[\w.-]{0,40}\)?\s?[\w.-]{1,40}@[\w.-]{1,80}(?::[^\s#$%>]{0,120})?\s?[#$%>]"  # root@node:~#
    r"|(?:bash|sh)-\d[\d.]*[#$]|/ ?[#$](?=\s)|~ ?[#$](?=\s)|[$%#](?=\s)|>{3}(?=\s)|PS [A-Z]:\\[^>]{0,120}>"
    r"|(?:mysql|MariaDB \[\w+\]|sqlite|postgres=?|redis|rabbit|ovs|vtysh|bird)[^\s>#]{0,20}[>#](?=\s))\s*"
)
HOST_PROMPT = re.compile(
    r"^(?:\[[^\]\n]{0,60}[@~][^\]\n]{0,60}\]|\(?[\w.-]{0,40}\)?\s?[\w.-]{1,40}@[\w.-]{1,80})"
)
ASSIGNED = re.compile(r"^(?:[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s\"']*)\s+)+(?=[a-z./])")
TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s\"']+|[\"']")
ARGUMENT = re.compile(
    r"^(?:--?[A-Za-z0-9][\w.=/,:@%+-]*$|[./~]\S*/|\.{1,2}$|/\S|~|\$|[|<>&;]|\S*[=|$*{}<>@\\]\S*|[\"'`]|\d[\d.:/]*$"
    r"|\S*\.(?:ya?ml|json|conf|log|sh|txt|cfg|ini|service|tar|gz|tgz|rpm|deb|py|go|so|pem|crt|key)\b|\S+/\S+|-$)"
)
FLAG = re.compile(r"(?:^|\s)--?[A-Za-z][\w-]*(?:[=\s]|$)")
SENTENCE_END = re.compile(r"[。！？；.!?:：,，;](?:[”’\"')）\]]*)$")
COMMENT = re.compile(r"^(?:#+(?!!)|//|--(?=\s)|/\*|\*/|<!--)\s?")
SHELL = re.compile(
    r"^(?:(?:for|while|until|if)\b.{1,300}(?:;\s*(?:do|then)\b|\[\[?\s.{1,200}\]\]?$)|for \w+ in [^():]{1,200}$|"
    r"do$|done\b[\s|<>&;].{0,200}$|done$"
    r"|then$|fi$|esac$|;;$|EOF$|(?:function )?\w+\s?\(\)\s?\{$)"
)
LOG = re.compile(
    r"^(?:\[?\s?(?:19|20)\d\d[-/]\d\d[-/]\d\d[T _]\d\d:\d\d(?::\d\d)?[\d.,]*\S*"  # 2024-01-01T10:00:00.123Z|
    r"|(?:19|20)\d{6}[ T]\d\d:\d\d:\d\d|[IWEF]\d{4}\s+\d\d:\d\d:\d\d\.\d+"
    r"|(?:\w{3}\s)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2}\s\d\d:\d\d:\d\d\s"
    r"|\d\d:\d\d:\d\d[.,]\d{3,}\s|\[\s*\d+\.\d{4,}\]\s|(?:INFO|WARN|ERRO|FATA|DEBU)\[[^\]]{1,40}\]"
    r"|(?:time|ts|level|lvl|msg)=\S|\{\"(?:level|ts|time|msg|log|severity)\":"
    r"|(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL|TRACE)\s*[\[:|]\s*\S|\[(?:DEBUG|INFO|WARN|WARNING|"
    r"ERROR|FATAL)[^\]]{0,30}\]\s*\S"
    r"|<\d{1,3}>\w{3}\s+\d{1,2}\s|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\s)"
)
BY_LINE = re.compile(
    r"^.{10,26}\s*(?:作者|by |发布|阅读|浏览|来源|编辑|[|·•]\s*(?:作者|阅读))", re.IGNORECASE
)
FAILURE = re.compile(
    r"^(?:;; |Error from server|error:|Error:|ERROR:|FATAL:|fatal:|panic:|goroutine \d+ \[|Traceback \(most recent|"
    r"Caused by:|Exception in thread|Unable to connect to the server|rpc error:|curl: \(\d+\)|ssh: |bash: |"
    r"-bash: |sh: |"
    r"E: |W: |dial tcp |connect: |ping: |RTNETLINK |Failed to (?:create|pull|start) \S+ ?\S*: |"
    r"Warning\s+Failed|Warning\s+\w+\s+\d|Normal\s+\w+\s+(?:\d|<)|(?:ovs|ovn|kube)[\w-]*: )"
)
TRACE = re.compile(
    r"^(?:File \"[^\"]+\", line \d+|at [\w$.<>]+\([\w$. :]*\)|[\w./*()-]+\(0x[0-9a-f]|/\S+\.(?:go|c|py|cc|h):\d+|"
    r"\[<?[0-9a-f]{8,}>?\]|0x[0-9a-f]{6,}\b|#\d+\s+(?:0x[0-9a-f]+|\w+\s*\()|\s*[0-9a-f]{4}:\s+[0-9a-f]{2} )"
)
YAML = re.compile(
    r"^(?:-\s+)*(?:[A-Za-z_][\w./-]{0,80}|\"[\w./ -]{1,80}\"|'[\w./ -]{1,80}'):(?:\s+(?P<value>\S.*))?$"
)
YAML_ITEM = re.compile(r"^-\s+(?P<value>[^\s:].*)$")
JSON = re.compile(
    r"^(?:[\[{]\s*$|[\]}]+[,;)]*\s*$|\"[^\"\n]{1,200}\"\s*:\s*\S|[\[{]\s*\"[^\"]*\"\s*[:,\]]|\{\}|\[\{|\}\])"
)
INI_SECTION = re.compile(r"^\[[A-Za-z][\w. :/-]{0,60}\]$")
ASSIGN = re.compile(r"^(?:export\s+)?[A-Za-z_][\w.-]{0,80}\s?[+:]?=\s?(?:\S.*)?$")
SQL = re.compile(
    r"^(?:(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (?:TABLE|DATABASE|USER|INDEX)|ALTER (?:TABLE|USER|SYSTEM)|"
    r"DROP (?:TABLE|DATABASE)|GRANT|SHOW (?:TABLES|DATABASES|VARIABLES|STATUS|PROCESSLIST|GLOBAL|MASTER|SLAVE|"
    r"ENGINE)|"
    r"FLUSH|EXPLAIN|TRUNCATE TABLE)\b.{0,800}"
    r"|(?:select|insert into|update|delete from|show|alter|create|drop)\s.{1,800};)$"
)
SOURCE = re.compile(
    r"^(?:#include\b|#!/|#define\b|#if(?:n?def)?\b|#endif|package \w+$|import (?:[\w.]+(?: as \w+)?|"
    r"\"[^\"]+\"|\()$|from [\w.]+ import |"
    r"def \w+\(|class \w+[(:{]|func (?:\(|\w+\()|return\b.{0,200}[;)\w]$|(?:static|struct|const|void|int|char|"
    r"bool|unsigned|long|enum|typedef|extern|inline|public|private|protected|final)\s+[\w*(].{0,300}[;{,()]$|"
    r"(?:if|for|while|switch|else if|elif)\s?\(.{0,300}[{;)&|]$|(?:else|try|do|except|finally)\b.{0,60}[:{]$|"
    r"\}\s?(?:else|catch|while)\b|"
    r"[\w.>()\[\]-]+\(.{0,300}\)\s?[;{]$|@\w+\(.{0,200}\)$|[{}]+[;,)]*$|\);?$|\.{3,}$|(?:FROM|RUN|COPY|"
    r"ENTRYPOINT|CMD|WORKDIR|ENV|EXPOSE)\s+[\[\w/.\"$-]\S*|"
    r"\w+\([^()]{0,300}\)\s?(?:=\s?-?\w.{0,80})?$|goto \w+;?|break;|continue;|default:$|case .{1,60}:$|"
    r"<\/?[a-zA-Z][\w.:-]*(?:\s[^<>]{0,300})?\/?>.{0,300}$|[^，。；：]{1,300}\{$)"
)
HEADER = re.compile(r"^(?:[A-Z][A-Z0-9_%()/.#-]+(?:\s+|$)){2,}$")
GUTTER = re.compile(r"^\d{1,5}(?:\s*\|)?\s+(?=\D)")
PIECE = re.compile(
    r"[┊│├└┌┐┘┤┬┴┼─━┃╭╮╰╯▶◀]|(?:^|\s)[|+]?[-=]{4,}[|+>]?(?:\s|$)|[+|]-{3,}|^[-=*#]{3,}\s?[^-=*#\s].{0,200}[-=*#]{3,}$|-{2,}>|<-{2,}|\|\s{2,}\S.*\|$"
)
COLUMNS = re.compile(r"\S(?:\s{3,}|\t+)\S.*\S(?:\s{3,}|\t+)\S")
OPEN_HEREDOC = re.compile(r"<<-?\s?[\"']?(?P<word>[A-Za-z_]\w{0,30})[\"']?")
ADDRESS = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-|"
    r"\b0x[0-9a-f]+\b|\bdesc = |\bcode = "
)


def chinese(text: str) -> int:
    """How many Chinese or Japanese characters there are."""
    return len(HAN.findall(text))


def unquoted_chinese(text: str) -> int:
    """Chinese characters outside quotes, of a `# remark` at the end and of `<placeholders>`."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'|<[^<>]{1,40}>|\{[^{}]{1,40}\}|\s(?:#|//|\(|（).*$", "", text[:LONGEST])
    return chinese(bare)


def command_of(text: str) -> str:
    """A line without its prompt; the line itself where it has none."""
    bare = text.strip()
    found = PROMPT.match(bare[:LONGEST])
    return bare[found.end() :] if found else bare


def is_command(text: str) -> bool:
    """Whether a line is a command with its arguments, with or without a prompt, and no sentence about one."""
    bare = text.strip()[:LONGEST]
    found = PROMPT.match(bare)
    rest = bare[found.end() :] if found else bare
    if not rest:
        return False
    if found and _by_prompt(bare, rest):
        return True
    if rest.startswith(("#", "//", "- ", "* ", "• ", "|")):
        return False
    return _typed(rest, prompted=bool(found))


def _by_prompt(bare: str, rest: str) -> bool:
    if rest[:1] in ("#", ">") or bare[:1] in "#%":
        return False
    if HOST_PROMPT.match(bare):
        return chinese(rest) * 3 < len(rest)
    return bare[:1] == "$" and unquoted_chinese(rest) == 0 and not _sentence(rest)


def _typed(rest: str, *, prompted: bool) -> bool:
    assigned = ASSIGNED.match(rest)
    line = rest[assigned.end() :] if assigned else rest
    tokens = TOKEN.findall(line)
    if tokens and tokens[0] in ("sudo", "nohup", "time", "exec", "watch") and len(tokens) > 1:
        tokens = tokens[1:] if tokens[1] in SURE or tokens[1] in WORDS else tokens
    if not tokens or unquoted_chinese(line) > 0:
        return False
    first, others = tokens[0].rstrip(";"), tokens[1:]
    name = first.rsplit("/", 1)[-1] if first.startswith(("/", "./", "../", "~/")) else first
    if first.startswith(("./", "../", "~/")) and re.fullmatch(r"[\w.+/~-]+", first):
        return not _sentence(line)
    if name in SURE or (
        name.startswith(("ovs-", "ovn-", "kubectl-", "mkfs.")) and any(map(ARGUMENT.match, others))
    ):
        if not others:
            return name in ALONE or prompted
        return not _about(others, line)
    if name in WORDS:
        if not others:
            return name in ALONE and prompted
        if others[0] in SUBCOMMANDS.get(name, ()) and not _sentence(line):
            return True
        return (prompted or any(ARGUMENT.match(other) for other in others)) and not _about(others, line)
    if first.startswith("/") and re.fullmatch(r"/[\w.+/-]+", first) and others:
        return not _sentence(line) and bool(name) and "." not in others[0][-1:]
    return (
        re.fullmatch(r"[a-z][a-z0-9_.+-]{1,40}", first) is not None
        and bool(others)
        and bool(FLAG.search(line))
        and not _sentence(line)
        and not _about(others, line)
    )


def _about(others: list[str], line: str) -> bool:
    """Whether what follows a command's name speaks about it."""
    if others[0].casefold() in PROSE and others[0].islower() and others[0] not in ("a", "all", "like"):
        return True
    if others[0][:1] in "(（,，、;:—–" and not others[0].startswith(";"):
        return True
    if "→" in line or (others[0] in ("-", "–", "=", "≠") and len(others) > 1 and others[1][:1].isalpha()):
        return others[0] != "-" or len(others) > 2
    prose = sum(other.casefold() in PROSE for other in others)
    if len(others) >= 4 and prose and not any(ARGUMENT.match(other) for other in others):
        return True
    return (prose >= 3 and prose * 4 >= len(others)) or (prose >= 2 and bool(re.search(r"[.:?!]$", line)))


def _sentence(line: str) -> bool:
    words = line.split()
    prose = sum(word.casefold().strip(".,;:()\"'") in PROSE for word in words)
    return (prose >= 2 and prose * 5 >= len(words)) or (prose >= 1 and bool(re.search(r"[.:?!]$", line)))


@lru_cache(REMEMBERED)
def kind(text: str) -> str:
    """What a line is by itself: command, comment, log, yaml, json, ini, assign, sql, source, table, art, or nothing."""
    bare = text.strip()[:LONGEST]
    if not bare:
        return ""
    if is_command(bare) or SHELL.match(bare):
        return "command"
    numbered = GUTTER.match(bare)
    if numbered and kind(bare[numbered.end() :]) in ("source", "art", "assign", "comment", "json"):
        return "source"
    if LOG.match(bare) and not BY_LINE.match(bare[:60]) and len(bare) >= 24:
        return "log"
    han = unquoted_chinese(bare)
    if (FAILURE.match(bare) or TRACE.match(bare)) and han <= 2:
        return "log"
    if SOURCE.match(bare) and han == 0:
        return "sql" if SQL.match(bare) else "source"
    if COMMENT.match(bare):
        return "comment"
    if HEADER.match(bare) and len(bare) <= 240:
        return "table"
    if PIECE.search(bare) and chinese(bare) * 3 < len(bare):
        return "art"
    return _data(bare, han)


def _data(bare: str, han: int) -> str:
    if SQL.match(bare):
        return "sql"
    if JSON.match(bare) and han == 0:
        return "json"
    if INI_SECTION.match(bare):
        return "ini"
    if han == 0 and _yaml(bare):
        return "yaml"
    if han == 0 and ASSIGN.match(bare) and not _sentence(bare):
        return "assign"
    if han == 0 and COLUMNS.search(bare) and not prose(bare):
        return "table"
    return ""


def _yaml(bare: str) -> bool:
    found = YAML.match(bare)
    if not found:
        return False
    value = found["value"] or ""
    key = bare.lstrip("- ").split(":", 1)[0]
    if not value:
        return key[:1].islower() or key[:1] in "\"'_" or bare.startswith("- ")
    if key[:1].isupper() and not re.fullmatch(r"[A-Z_0-9]+|[A-Z][a-z]+[A-Z]\w*", key):
        return False
    words = value.split(" #")[0].split()
    quoted = value[:1] in "\"'[{|>&*!$<" or len(words) <= 1
    return quoted or (len(words) <= 4 and not _sentence(value) and not SENTENCE_END.search(value))


def codey(text: str) -> bool:
    """Whether a line that proves nothing alone looks like output where it stands next to code."""
    bare = text.strip()[:LONGEST]
    if not bare or prose(bare):
        return False
    if chinese(bare):
        return bool(ADDRESS.search(bare)) or (bare[:1] in "#/*|" and chinese(bare) * 2 < len(bare))
    words = bare.split()
    odd = sum(not word.strip(".,;:!?()").isalpha() or (word.isupper() and len(word) > 1) for word in words)
    return (
        odd * 3 >= len(words) or bare[:1] in "|+-<>{}[]()\"'=*/\\@%$#" or (len(words) == 1 and bare.islower())
    )


@lru_cache(REMEMBERED)
def prose(text: str) -> bool:
    """Whether a line is a sentence for people, in Chinese or English."""
    bare = text.strip()[:LONGEST]
    han = chinese(bare)
    if han >= 4:
        return han * 5 >= len(bare) or (han >= 8 and bool(re.search(r"[，。；：、！？]", bare)))
    words = [word.strip(".,;:!?()\"'“”‘’") for word in bare.split()]
    if len(words) < 4:
        return False
    plain = sum(word.isalpha() and (word.islower() or word.istitle() or len(word) == 1) for word in words)
    small = sum(word.casefold() in PROSE for word in words)
    return plain * 10 >= len(words) * 6 and (small >= 2 or (small >= 1 and bool(SENTENCE_END.search(bare))))
