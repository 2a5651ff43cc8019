"""Quantities with units: text in, SI numbers out.

Text such as ``"1 mA/cm^2"``, ``"5 Ω cm²"`` or ``"25 degC"`` is read by a small grammar of its own, so that no
text of a user is ever evaluated; pint knows what the unit names, their prefixes and their dimensions are. The
registry holds only the units of this field (no ambiguous ones: "C" is coulomb, Celsius is "degC") and is
created at first use: importing pint takes a fifth of a second that a command without quantities need not pay.

A number without a unit is accepted where the dimension is "dimensionless", and nowhere else.
"""

import difflib
import math
import numbers
import re
import reprlib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fem.dimensions import DIMENSIONS, Dimension

__all__ = ["DIMENSIONS", "Dimension", "UnitError", "from_si", "parse", "split", "to_si"]

AVOGADRO = "6.02214076e23"
"""Avogadro constant [1/mol] (exact in the SI of 2019)."""
ELEMENTARY_CHARGE = "1.602176634e-19"
"""Elementary charge [C] (exact in the SI of 2019)."""
ZERO_CELSIUS = "273.15"
"""0 degC in kelvin."""

MAX_TEXT = 100
_MAX_DEPTH = 4
_MAX_EXPONENT = 9.0

_DEFINITIONS = f"""
pico- = 1e-12 = p-
femto- = 1e-15 = f-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
deci- = 1e-1 = d-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
meter = [length] = m = metre
second = [time] = s = sec
kilogram = [mass] = kg
ampere = [current] = A
kelvin = [temperature] = K
mole = [substance] = mol
radian = [angle] = rad
gram = 1e-3 kilogram = g
degree = 0.017453292519943295 radian = deg
percent = 0.01
ppm = 1e-6
angstrom = 1e-10 meter = Å
liter = 1e-3 meter**3 = L = l
minute = 60 second = min
hour = 3600 second = h
day = 86400 second = d
hertz = 1/second = Hz
newton = kilogram*meter/second**2 = N
pascal = newton/meter**2 = Pa
bar = 1e5 pascal
joule = newton*meter = J
watt = joule/second = W
coulomb = ampere*second = C
ampere_hour = 3600 coulomb = Ah
elementary_charge = {ELEMENTARY_CHARGE} coulomb = e
volt = watt/ampere = V
electron_volt = {ELEMENTARY_CHARGE} joule = eV
ohm = volt/ampere = Ω = Ohm
siemens = 1/ohm = S
farad = coulomb/volt = F
"""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LOOKALIKES = str.maketrans(
    {
        "\u2126": "Ω",  # ohm sign
        "\u03bc": "µ",  # greek mu
        "\u212b": "Å",  # angstrom sign
        "\u2212": "-",  # minus sign
        "\u00b7": "*",
        "\u22c5": "*",
        "\u00d7": "*",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u2103": "degC",
    }
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TOKEN = re.compile(
    r"\s*(?:(?P<name>%|[A-Za-zΩµÅ_]+)|(?P<power>\^)|(?P<mul>\*)|(?P<div>/)|(?P<open>\()|(?P<close>\))"
    r"|(?P<number>-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)))"
)

_Powers = Mapping[str, float]


class UnitError(ValueError):
    """What was given is not a quantity of the dimension asked for; the message is meant for the user."""


def parse(given: object, dimension: str) -> float:
    """Read a quantity of a known dimension.

    Args:
        given: text such as ``"1 mA/cm^2"``; a bare number where `dimension` is "dimensionless".
        dimension: a key of `DIMENSIONS`.

    Returns:
        The value in the SI unit ``DIMENSIONS[dimension].si``; finite.

    Raises:
        UnitError: not a number with a unit of that dimension; NaN, infinite or beyond floating point.
        KeyError: `dimension` is not in `DIMENSIONS` (a mistake of the caller, not of the user).
    """
    wanted = DIMENSIONS[dimension]
    if isinstance(given, str):
        value, unit = split(given)
        return to_si(value, unit, dimension, given=given)
    if isinstance(given, bool) or not isinstance(given, numbers.Real):
        raise UnitError(f"{reprlib.repr(given)} is not a quantity: {_needed(wanted)}")
    try:
        value = float(given)
    except (OverflowError, ValueError) as error:
        raise UnitError(f"{reprlib.repr(given)} is beyond floating point: {_needed(wanted)}") from error
    return to_si(value, "", dimension, given=given)


def split(text: str) -> tuple[float, str]:
    """Split a quantity into its number and its unit, without looking at what the unit means.

    Raises:
        UnitError: the text is empty, too long, or does not begin with a finite decimal number.
    """
    if len(text) > MAX_TEXT:
        raise UnitError(f"{reprlib.repr(text)} is too long for a quantity")
    plain = text.translate(_LOOKALIKES).strip()
    if not plain:
        raise UnitError("an empty text is not a quantity: write a number and a unit")
    match = _NUMBER.match(plain)
    if match is None:
        raise UnitError(f"{text!r} does not begin with a number: write a number and a unit, such as '20 um'")
    rest = plain[match.end() :]
    if re.match(r"\s*,\s*[0-9]", rest):
        raise UnitError(f"{text!r} has a decimal comma: write a decimal point")
    value = float(match.group())
    if not math.isfinite(value):
        raise UnitError(f"{text!r} is beyond floating point")
    return value, rest.strip()


def to_si(value: float, unit: str, dimension: str, *, given: object = None) -> float:
    """Convert `value` in `unit` to the SI unit of `dimension`.

    The factor is applied in decimal arithmetic: 20 um is exactly the float 20e-6, so equal inputs stay equal.

    Args:
        value: a finite number.
        unit: text of the unit; empty for none.
        dimension: a key of `DIMENSIONS`.
        given: what the user wrote, for the message; by default ``"value unit"``.

    Raises:
        UnitError: `unit` is not a unit of that dimension, or the result is not a finite number.
    """
    wanted = DIMENSIONS[dimension]
    shown = reprlib.repr(f"{value:g} {unit}".strip() if given is None else given)
    if not math.isfinite(value):
        raise UnitError(f"{shown} is not a finite number: {_needed(wanted)}")
    if not unit and wanted.si:
        raise UnitError(f"{shown} has no unit: {_needed(wanted)}")
    factor, offset = _conversion(unit, dimension, shown)
    result = float(Decimal(repr(float(value))) * factor + offset)
    if not math.isfinite(result) or (result == 0.0 and value != 0.0 and not offset):
        raise UnitError(f"{shown} is beyond floating point: {_needed(wanted)}")
    if wanted.absolute_temperature and result <= 0:
        raise UnitError(f"{shown} is not above absolute zero: {_needed(wanted)}")
    return result


def from_si(value: float, unit: str, dimension: str) -> float:
    """Convert an SI value of `dimension` to `unit`; NaN and infinity stay what they are.

    Raises:
        UnitError: `unit` is not a unit of that dimension.
    """
    factor, offset = _conversion(unit, dimension, reprlib.repr(unit))
    if not math.isfinite(value):
        return value
    return float((Decimal(repr(float(value))) - offset) / factor)


def _needed(wanted: Dimension) -> str:
    examples = " or ".join(f"'{example}'" for example in wanted.examples)
    what = "a number without a unit" if not wanted.si else f"a quantity of the dimension '{wanted.name}'"
    return f"{what} is needed, for example {examples}"


def _conversion(unit: str, dimension: str, shown: str) -> tuple[Decimal, Decimal]:
    """Factor and offset from `unit` to the SI unit of `dimension`; `shown` begins a failure's message."""
    wanted = DIMENSIONS[dimension]
    try:
        return _factor(unit, wanted)
    except UnitError as error:
        raise UnitError(f"{shown} {error}: {_needed(wanted)}") from None


@lru_cache(maxsize=1024)
def _factor(unit: str, wanted: Dimension) -> tuple[Decimal, Decimal]:
    if wanted.si == "K" and re.fullmatch(r"(?:°|deg ?)C", unit):
        return Decimal(1), Decimal(ZERO_CELSIUS) if wanted.absolute_temperature else Decimal(0)
    factor, powers = _resolve(unit)
    if powers == _resolve(wanted.si)[1]:
        return factor, Decimal(0)
    if wanted.per_particle and "eV" in unit and powers == _resolve("J")[1]:
        return factor * Decimal(AVOGADRO), Decimal(0)
    hint = " (degrees Celsius are written degC)" if wanted.absolute_temperature and unit == "C" else ""
    raise UnitError(f"has a unit of another dimension{hint}")


@lru_cache(maxsize=1024)
def _resolve(unit: str) -> tuple[Decimal, _Powers]:
    """Factor to base SI units and the powers of the base dimensions of a unit text."""
    factor = Decimal(1)
    powers: dict[str, float] = {}
    for name, exponent in _powers(unit).items():
        one, base = _named(name)
        whole = exponent == int(exponent)
        factor *= one ** int(exponent) if whole else one ** Decimal(repr(exponent))
        for dimension, power in base.items():
            powers[dimension] = powers.get(dimension, 0.0) + power * exponent
    return factor, {dimension: power for dimension, power in powers.items() if abs(power) > 1e-9}


def _powers(unit: str) -> dict[str, float]:
    """Unit names and their exponents: ``"mA/cm^2"`` -> ``{"mA": 1, "cm": -2}``."""
    parser = _UnitText(unit)
    powers = parser.product(0)
    parser.end()
    return powers


class _UnitText:
    """Recursive-descent reader of products, quotients and powers of unit names."""

    def __init__(self, text: str) -> None:
        plain = text.translate(_LOOKALIKES)
        plain = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda m: "^" + m.group().translate(_SUPERSCRIPTS), plain)
        plain = plain.replace("**", "^")
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position = 0
        plain = plain.rstrip()
        while position < len(plain):
            match = _TOKEN.match(plain, position)
            if match is None or match.lastgroup is None:
                raise self.refusal("is not a unit")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.position = 0

    def refusal(self, why: str) -> UnitError:
        return UnitError(f"has the unit '{self.text}', which {why}")

    def peek(self) -> str | None:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else None

    def take(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1][1]

    def end(self) -> None:
        if self.peek() is not None:
            raise self.refusal("is not a unit")

    def product(self, depth: int) -> dict[str, float]:
        """``term (('*' | '/' | blank) term)*``; a blank after a slash reads two ways."""
        if depth > _MAX_DEPTH:
            raise self.refusal("has too many parentheses")
        powers: dict[str, float] = {}
        sign, slash = 1.0, False
        if self.peek() is None:
            return powers
        while True:
            for name, exponent in self.term(depth).items():
                powers[name] = powers.get(name, 0.0) + sign * exponent
            following = self.peek()
            if following == "mul":
                self.take()
                sign = 1.0
            elif following == "div":
                self.take()
                sign, slash = -1.0, True
            elif following in ("name", "open"):
                if slash:
                    raise self.refusal("can be read in two ways (after a division write a/(b*c) or a/b/c)")
                sign = 1.0
            else:
                return powers

    def term(self, depth: int) -> dict[str, float]:
        """A name, a parenthesis, or the 1 of ``1/K``, with its exponent."""
        kind = self.peek()
        if kind == "name":
            powers = {self.take(): 1.0}
            # "cm2" and "cm-2" are how many instruments write it
            exponent = self.exponent() if self.peek() in ("power", "number") else 1.0
        elif kind == "open":
            self.take()
            powers = self.product(depth + 1)
            if self.peek() != "close":
                raise self.refusal("has an open parenthesis")
            self.take()
            exponent = self.exponent() if self.peek() == "power" else 1.0
        elif kind == "number" and self.take() == "1":
            return {}
        else:
            raise self.refusal("is not a unit")
        return {name: power * exponent for name, power in powers.items()}

    def exponent(self) -> float:
        if self.peek() == "power":
            self.take()
        if self.peek() == "open":  # ^(1/2)
            self.take()
            value = self.number()
            if self.peek() == "div":
                self.take()
                divisor = self.number()
                if divisor == 0.0:
                    raise self.refusal("divides by zero")
                value /= divisor
            if self.peek() != "close":
                raise self.refusal("has an open parenthesis")
            self.take()
        else:
            value = self.number()
        if abs(value) > _MAX_EXPONENT:
            raise self.refusal(f"has an exponent beyond {_MAX_EXPONENT:g}")
        return value

    def number(self) -> float:
        if self.peek() != "number":
            raise self.refusal("is not a unit")
        return float(self.take())


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry(None, cache_folder=None, non_int_type=Decimal)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


@lru_cache(maxsize=512)
def _named(name: str) -> tuple[Decimal, _Powers]:
    """Factor to base units and base dimensions of one unit name with its prefix."""
    registry = _registry()
    spelled = "percent" if name == "%" else name
    for prefix, unit, _ in registry.parse_unit_name(spelled, case_sensitive=True):
        # pint takes a plural s after symbols too ("Vs" as volts) and prefixes before kilogram
        plural = spelled.endswith("s") and bool(registry.parse_unit_name(spelled[:-1], case_sensitive=True))
        same = plural and (prefix, unit) in [f[:2] for f in registry.parse_unit_name(spelled[:-1])]
        if (same and not spelled[:-1].endswith(unit)) or (prefix and unit == "kilogram"):
            continue
        quantity = registry.Quantity(Decimal(1), prefix + unit).to_base_units()
        powers = {key.strip("[]"): float(power) for key, power in quantity.dimensionality.items()}
        return Decimal(quantity.magnitude), powers
    raise UnitError(f"has the unknown unit '{name}'{_guess(spelled)}")


def _guess(name: str) -> str:
    lines = [line.split("=") for line in _DEFINITIONS.splitlines()]
    symbols = [line[2].strip() for line in lines if len(line) > 2 and "-" not in line[0]]
    names = [p + symbol for symbol in symbols if symbol.isalpha() for p in ("", *"munkMGc")]
    names = list(dict.fromkeys(n for n in [*names, "degC"] if not n.endswith("kg") or n == "kg"))
    same = [n for n in names if n.lower() == name.lower() and n != name]
    guesses = same or difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(guesses[:3])}?)" if guesses else ""
