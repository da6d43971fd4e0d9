"""The service: its command, its output bounded and without secrets."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from plait.process.redaction import Lines, Redaction
from plait.qa.order import Order

MOST_LOG = 4 << 20
LOG = "serve.log"
_SLICE = 1 << 16


def serve(order: Order) -> int:
    """Run the command until it ends by itself, or this process is ended; its exit code."""
    redaction = Redaction(each.encode("utf-8", "surrogateescape") for each in order.secrets)
    lines, left = Lines(redaction), MOST_LOG
    with (
        (Path(order.folder) / LOG).open("ab", buffering=0) as log,
        subprocess.Popen(
            ("/bin/sh", "-c", order.serve),
            cwd=order.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        ) as child,
    ):
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        while data := os.read(child.stdout.fileno(), _SLICE):
            told = lines.feed(data)
            if left > 0:
                log.write(told[:left])
                if len(told) >= left:
                    log.write(b"\n(what it wrote further is left out)\n")
            left -= len(told)
        if left > 0:
            log.write(lines.rest()[:left])
        code = child.wait()
    return code if code >= 0 else 128 - code
