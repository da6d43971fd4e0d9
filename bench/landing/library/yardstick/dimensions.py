"""What is measured: exponents of length, mass and time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """A product of powers of the base dimensions."""

    length: int = 0
    mass: int = 0
    time: int = 0

    def __mul__(self, other):
        return Dimension(
            self.length + other.length, self.mass + other.mass, self.time + other.time
        )

    def __truediv__(self, other):
        return self * other**-1

    def __pow__(self, exponent):
        return Dimension(self.length * exponent, self.mass * exponent, self.time * exponent)

    def __str__(self):
        names = {"length": self.length, "mass": self.mass, "time": self.time}
        told = [
            name if power == 1 else f"{name}^{power}" for name, power in names.items() if power
        ]
        return " ".join(told) or "number"


NUMBER = Dimension()
LENGTH = Dimension(length=1)
MASS = Dimension(mass=1)
TIME = Dimension(time=1)
SPEED = LENGTH / TIME
