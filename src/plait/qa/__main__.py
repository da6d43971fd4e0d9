"""`python -I -m plait.qa`: the order comes by standard input, as JSON."""

from __future__ import annotations

import sys

from plait.qa.order import read_order, watch_parent
from plait.qa.outcome import leave


def main() -> int:
    """Carry an order out; the exit code is that of what is served, else 0."""
    order = read_order(sys.stdin.buffer.read())
    watch_parent(order.parent)
    if order.serve:
        from plait.qa.serving import serve

        return serve(order)
    if order.schema:
        from plait.qa.described import try_schema as attempt
    elif order.kind == "cli":
        from plait.qa.terminal import try_command as attempt
    elif order.kind == "web":
        from plait.qa.browser import try_page as attempt
    else:
        from plait.qa.request import try_request as attempt
    leave(order, attempt(order))
    return 0


if __name__ == "__main__":
    sys.exit(main())
