"""Sources to import, their import into a root, and what came of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from kb import markdown
from kb.importing.model import Finished, Imported
from kb.importing.run import Options, import_sources

EN = """---kind: Troubleshooting
products: [Alpha]
---
<!-- a template's comment -->
# Gateway drops packets

Resolution
----------

```bash
kubectl ko nbctl lr-policy-list ovn-cluster
ovs-appctl -t ovs-vswitchd dpif/show-flows
```

## Symptoms

Packets vanish, see [the other](other.md#fix) and ![a graph](../img/graph.png).
"""
ZH = """# 网关丢包

## 现象

报文丢失，检查 `ovn-cluster`。

## 处理步骤

```bash
kubectl ko nbctl lr-policy-list ovn-cluster
ovs-appctl -t ovs-vswitchd dpif/show-flows
```
"""


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def bring(
    sources: Sequence[Path | str], root: Path, options: Options | None = None, stdin: bytes = b""
) -> tuple[list[Imported], Finished]:
    events = list(import_sources([str(s) for s in sources], root, options, stdin=io.BytesIO(stdin)))
    end = events[-1]
    assert isinstance(end, Finished)
    return [event for event in events if isinstance(event, Imported)], end


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def code_lines(text: str) -> set[str]:
    blocks = [block for block in markdown.blocks(text) if block.kind == "code"]
    lines = {line.strip() for block in blocks for line in block.text.split("\n")}
    return {
        line for line in lines if line and not line.startswith("```")
    }  # an opening that an open fence swallowed
