"""kb.headings: what a heading announces."""

from __future__ import annotations

import pytest

from kb.headings import kind


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Issue", "symptoms"),
        ("Symptoms", "symptoms"),
        ("现象", "symptoms"),
        ("适用现象", "symptoms"),
        ("一、问题现象：", "symptoms"),
        ("1. 故障现象", "symptoms"),
        ("Environment Information", "environment"),
        ("先决条件", "environment"),
        ("Diagnostic Steps", "diagnosis"),
        ("标准排查路径", "diagnosis"),
        ("3) Troubleshooting", "diagnosis"),
        ("Root Cause", "cause"),
        ("## 根因", "cause"),
        ("根本原因（已确认）", "cause"),
        ("Resolution", "resolution"),
        ("标准处置步骤", "resolution"),
        ("Step 4: Resolution", "resolution"),
        ("解决方案 {#fix}", "resolution"),
        ("Workaround", "workaround"),
        ("临时解决方案", "workaround"),
        ("🔧 Fix", "resolution"),
        ("预防措施", "prevention"),
        ("Related Information", "related"),
        ("[Related Information]", "related"),
        ("参考文献", "related"),
        ("RESOLUTION", "resolution"),
        ("Ｒｅｓｏｌｕｔｉｏｎ", "resolution"),
        ("Architecture", "other"),
        ("How to build a disaster recovery solution for every resolution of a display", "other"),
        ("使用其他对象存储和数据库构建一个完整的灾难恢复解决方案", "other"),
        ("", "other"),
        ("1.", "other"),
    ],
)
def test_a_heading_tells_what_stands_below_it(heading: str, expected: str) -> None:
    assert kind(heading) == expected
