"""Quantities to text."""

DIGITS = 6


def show_number(value, digits=DIGITS):
    """A number with so many significant digits at most, without needless zeros."""
    return f"{value:.{digits}g}"


def show(quantity, digits=DIGITS):
    """A quantity as its number and its unit's symbol."""
    return f"{show_number(quantity.value, digits)} {quantity.unit.symbol}".rstrip()


def show_long(quantity, digits=DIGITS):
    """A quantity with its unit's name."""
    number = show_number(quantity.value, digits)
    name = quantity.unit.name
    if number != "1":
        name = {"foot": "feet", "inch": "inches"}.get(name, f"{name}s")
    return f"{number} {name}"
