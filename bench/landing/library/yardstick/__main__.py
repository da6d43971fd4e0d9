"""`python -m yardstick COMMAND ARGUMENTS…`."""

import sys

from yardstick.commands import main

sys.exit(main(sys.argv[1:]))
