"""Started as `python -I -S started.py WHAT …`: one of `landlocked`, `proxy`, `bridge`.

As with the shim, the package's own `__init__` would bring half of Python with it. So the two
packages above the module that is wanted are made here, empty; it is found, and cached, as ever.
"""

import os
import sys


def _light(name: str, folder: str) -> None:
    package = type(sys)(name)
    package.__path__ = [folder]
    sys.modules[name] = package


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    _light("plait", os.path.dirname(here))
    _light("plait.sandbox", here)
    del sys.argv[0]
    if sys.argv[0] == "landlocked":
        from plait.sandbox.landlocked import main
    elif sys.argv[0] == "proxy":
        from plait.sandbox.proxy import main
    else:
        from plait.sandbox.bridge import main
    main()
