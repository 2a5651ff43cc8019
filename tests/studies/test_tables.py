"""Numbers with their error bars, as printed."""

import math

import pytest

from studies.tables import value_text


@pytest.mark.parametrize(
    ("value", "dimension", "error", "text"),
    [
        (0.0794543, "potential", 2e-7, ("79.45430 ± 0.00020", "mV")),
        (0.0794543, "potential", None, ("79.4543", "mV")),
        (0.0794543, "potential", math.inf, ("79.4543", "mV")),
        (79.5e-4, "area-specific resistance", 1.2e-5, ("79.50 ± 0.12", "Ω cm²")),
        (7.14e6, "pressure", 3e6, ("7.1 ± 3.0", "MPa")),
        (7.14e6, "pressure", 3e8, ("7 ± 300", "MPa")),
        (1.5, "dimensionless", 1e-12, ("1.5", "")),
        (0.7, "dimensionless", 0.0, ("0.7", "")),
        (math.nan, "potential", 0.1, ("nan", "mV")),
    ],
)
def test_value_text(value: float, dimension: str, error: float | None, text: tuple[str, str]) -> None:
    assert value_text(value, dimension, error) == text
