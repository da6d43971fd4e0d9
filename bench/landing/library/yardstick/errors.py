"""What can go wrong."""


class YardstickError(ValueError):
    """All of this library's errors."""


class Unreadable(YardstickError):
    """A text that is no quantity; `place` is where reading it ended."""

    def __init__(self, text, place):
        super().__init__(f"cannot read {text!r} from character {place + 1} on")
        self.text = text
        self.place = place


class UnknownUnit(YardstickError):
    """A symbol that no unit has."""

    def __init__(self, symbol):
        super().__init__(f"there is no unit {symbol!r}")
        self.symbol = symbol


class IncompatibleUnits(YardstickError):
    """Quantities of different dimensions."""

    def __init__(self, left, right):
        super().__init__(f"{left} and {right} measure different things")
