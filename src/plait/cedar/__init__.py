"""Policy by Cedar: the built-in rules as its text, or rules of one's own.

What Cedar cannot evaluate is denied: an error in one rule never lets another one decide.
"""

from plait.cedar.engine import BUILT_IN, Cedar

__all__ = ["BUILT_IN", "Cedar"]
