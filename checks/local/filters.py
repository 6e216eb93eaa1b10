"""Which filters may stand behind ``|`` in a line that klinik runs: they read what comes before, and no file. Pure.

Sources: POSIX and GNU grep(1), head(1), tail(1), wc(1), sort(1), uniq(1), cut(1), tr(1), awk(1), sed(1); jq's manual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from checks.local.options import NotLocal, Parted, Table, part, table
from checks.risk.command import risk_of_argv
from kb.messages import message

_GREP = table(
    "-i -v -w -x -E -F -G -P -o -c -n -q -a -h -s"
    " --color --ignore-case --invert-match --only-matching --count --line-buffered",
    "-A -B -C -m -e",
)
_FILTERS: Mapping[str, tuple[Table, int, int]] = {
    **dict.fromkeys(("grep", "egrep", "fgrep"), (_GREP, 0, 1)),
    "head": (table("-q", "-n -c --lines --bytes"), 0, 0),
    "tail": (table("-q", "-n -c --lines --bytes"), 0, 0),
    "wc": (table("-l -w -c -m --lines --words --bytes"), 0, 0),
    "sort": (
        table("-n -r -u -h -V -f -b -d -g -M -s --reverse --unique --numeric-sort", "-k -t --key"),
        0,
        0,
    ),
    "uniq": (table("-c -d -u -i --count --repeated --unique", "-f -s -w"), 0, 0),
    "cut": (table("-s --complement", "-d -f -c -b --delimiter --fields --output-delimiter"), 0, 0),
    "tr": (table("-d -s -c -C -t"), 1, 2),
    "column": (table("-t", "-s"), 0, 0),
    "jq": (table("-r -c -M -S -e -s -j -a -n --raw-output --compact-output --sort-keys --slurp"), 1, 1),
    "awk": (table("", "-F"), 1, 1),
    "sed": (table("-n -E -r -u", "-e"), 0, 1),
}
"""Options of each filter, and how many words it takes beside them: a file would be one more."""
_SHORT_COUNT = re.compile(r"-\d{1,9}")
_JQ_REACHES = re.compile(
    r"(?<![.\w\"])env\b|\$ENV|\$__prog|\b(?:import|include|input_filename|modulemeta|get_search_list)\b"
)
_AWK_REACHES = re.compile(r"\b(?:ARGV|ARGC|ARGIND|ENVIRON|FILENAME|PROCINFO|SYMTAB|FUNCTAB|nextfile)\b")
"""What leads out of the text that comes in: the environment, files, how the program was called."""


def may_filter(program: str, words: Sequence[str]) -> None:
    """Raises NotLocal unless the filter with these words reads nothing but its input and writes nothing but text."""
    known = _FILTERS.get(program)
    if known is None:
        raise NotLocal(message("localrun.filter", program=program))
    options, least, most = known
    plain = [w for w in words if not (program in ("head", "tail", "grep") and _SHORT_COUNT.fullmatch(w))]
    parted = part(program, plain, options)
    operands = (*parted.operands, *(parted.behind or ()))
    if program in ("grep", "egrep", "fgrep", "sed") and not parted.has("-e"):
        least = 1
    elif parted.has("-e") and program != "jq":
        most = 0
    if not least <= len(operands) <= most:
        raise NotLocal(message("localrun.filter-file", program=program))
    _program(program, parted, operands, words)


def _program(program: str, parted: Parted, operands: Sequence[str], words: Sequence[str]) -> None:
    """What the little languages may say."""
    reaches = (program == "jq" and _JQ_REACHES.search(operands[0])) or (
        program == "awk" and _AWK_REACHES.search(operands[0])
    )
    judged = program in ("awk", "sed") and risk_of_argv((program, *words)) != "read"
    if reaches or judged:
        raise NotLocal(message("localrun.filter-program", program=program))
    if program == "sed" and parted.has("-e"):
        raise NotLocal(message("localrun.filter-program", program=program))
