"""The page about all codes, docs/lint.md, from the catalogue: ``python -m kb.lint.page > docs/lint.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from kb.lint.codes import hint, sentence, severities
from kb.problem import SEVERITIES

HEAD = """# What `klinik kb lint` finds

Generated from the catalogue by `python -m kb.lint.page`; a test holds it to the code. Codes are stable: scripts may
rely on them. `…` stands for what the finding names. An **error** means that klinik cannot use a file or a part of it,
a **warning** that a reader or operator will be misled or harmed, an **info** that it could be better.

`klinik kb lint [ROOT…]` exits with 1 where there is an error (with `--strict` also a warning). `--severity warning`
leaves out infos, `--only command.*,guide` and `--ignore CODE` choose by code. `-o json` prints
`[{"path","line","code","severity","message","hint","article"}]` in the language of `--lang`; line 0 is the whole file.

本页由 `python -m kb.lint.page` 从消息目录生成。代码保持稳定，可用于脚本；`…` 代表具体内容。
**error**：klinik 无法使用该文件或其中一部分；**warning**：会误导或损害读者、操作者；**info**：可以改进。
"""
SLOT = re.compile(r"\{\w+(?:[:!][^{}]*)?\}")


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    known = severities()
    for severity in SEVERITIES:
        yield f"## {severity}\n"
        yield "| code | says | 含义 | what to do | 处理 |"
        yield "|---|---|---|---|---|"
        for code, of in known.items():
            if of == severity:
                says, todo = sentence(code), hint(code)
                cells = (_shown(says.en), _shown(says.zh), _cell(todo.en), _cell(todo.zh))
                yield f"| `{code}` | {' | '.join(cells)} |"
        yield ""


def _shown(text: str) -> str:
    bare = SLOT.sub("…", text.replace("{{", "\x01").replace("}}", "\x02"))
    return _cell(bare.replace("\x01", "{").replace("\x02", "}"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(page())
