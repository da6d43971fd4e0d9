"""`python -m plait` and the `plait` command."""

from __future__ import annotations

from plait.cli.main import main

if __name__ == "__main__":
    main()
