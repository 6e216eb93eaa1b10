"""A process that analyses articles for another one: batches of files come in, finished segments go out.

Lines of JSON: in come lists of articles with their files, until the end of the input; out go what was read
(``{"read": …, "next": true}`` when another batch is wanted), at the end ``{"segments": …}``, or ``{"failed": …}``.
When the process it works for is gone, the next line it says ends it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

SAID_EVERY = 16
"""Articles."""


def main() -> None:
    """Work until the input ends; the folder is the second argument."""
    from kb.index import IndexWriter
    from kb.indexing import Indexed, said_of, segment_list, take_in
    from kb.roots import Source

    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever else prints something does not disturb the conversation
    read: list[Indexed] = []

    def say(**said: Any) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    try:
        writer = IndexWriter(Path(sys.argv[2]), new=True)
        for line in sys.stdin:
            for article, files in json.loads(line):
                read.append(take_in(writer, article, [Source(*values) for values in files]))
                if len(read) >= SAID_EVERY:
                    say(read=[said_of(indexed) for indexed in read])
                    read = []
            say(read=[said_of(indexed) for indexed in read], next=True)
            read = []
        say(segments=segment_list(writer.flush()))
    except BrokenPipeError:
        os._exit(1)
    except OSError as error:
        say(failed=[error.errno, error.strerror or type(error).__name__])
