"""Started as `python -I -S shim.py FOLDER`: supervises one agent; `supervision` does the work.

The package's own `__init__` would bring half of Python with it. So the two packages above the
modules that are needed are made here, empty; their modules are found, and cached, as ever.
"""

import os
import sys


def _light(name: str, folder: str) -> None:
    package = type(sys)(name)
    package.__path__ = [folder]
    sys.modules[name] = package


if __name__ == "__main__":
    process = os.path.dirname(os.path.abspath(__file__))
    _light("plait", os.path.dirname(process))
    _light("plait.process", process)

    from plait.process.supervision import main

    main()
