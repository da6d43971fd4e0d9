"""Quantities in text: read them, convert them, show them."""

from yardstick.convert import convert
from yardstick.errors import IncompatibleUnits, UnknownUnit, Unreadable, YardstickError
from yardstick.formats import show
from yardstick.parser import parse
from yardstick.quantity import Quantity

__all__ = [
    "IncompatibleUnits",
    "Quantity",
    "UnknownUnit",
    "Unreadable",
    "YardstickError",
    "convert",
    "parse",
    "show",
]
