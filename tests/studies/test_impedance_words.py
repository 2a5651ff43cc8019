"""Words for the impedance of a study: frequencies, what they need, and how they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from studies.errors import InputError
from studies.schema import Study


def study(**changes: Any) -> Study:
    """A plane cell with an impedance and changes to it."""
    data: dict[str, Any] = {
        "study": "cell",
        "geometry": {
            "dimension": 1,
            "layers": [
                {"name": "anode", "material": "Li", "thickness": "10 um"},
                {"name": "electrolyte", "material": "LLZO", "thickness": "50 um"},
                {"name": "counter", "material": "Li", "thickness": "10 um"},
            ],
        },
        "interfaces": {
            "anode|electrolyte": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
            "electrolyte|counter": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
        },
        "operation": {"current": "0 A/m^2"},
        "impedance": {"from": "1 mHz", "to": "10 MHz", "per_decade": 10},
        "quantities": ["high_frequency_resistance"],
    }
    return Study.from_mapping({k: v for k, v in (data | changes).items() if v is not None})


def test_frequencies() -> None:
    """Both ends and ten per decade; defaults are those of the issue."""
    given, default = study().impedance, study(impedance={}).impedance
    assert given == default
    assert given is not None
    assert len(given.frequencies) == 101
    assert given.frequencies[0] == pytest.approx(1e-3)
    assert given.frequencies[-1] == pytest.approx(1e7)
    assert given.frequencies[60] == pytest.approx(1e3)


def test_reads_back_as_equal() -> None:
    """The resolved study says the same."""
    full = study(impedance={"from": "10 mHz", "to": "1 MHz", "at": "1 mA/cm^2", "maps": ["1 kHz"]})
    assert Study.from_mapping(full.resolved()) == full
    assert full.impedance is not None
    assert full.impedance.at is not None
    assert full.impedance.at.density(1.0) == pytest.approx(10.0)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "order": ({"impedance": {"from": "1 kHz", "to": "1 Hz"}}, "impedance", "must be below"),
    "zero": ({"impedance": {"from": "0 Hz"}}, "impedance.from", "must be positive"),
    "unit": ({"impedance": {"to": "10 s"}}, "impedance.to", "frequency"),
    "map outside": ({"impedance": {"maps": ["1 GHz"]}}, "impedance", "between"),
    "unknown key": ({"impedance": {"points": 3}}, "impedance.points", ""),
    "sweep": ({"operation": {"sweep": {"current": ["1 A/m^2", "2 A/m^2"]}}}, "impedance", "instead of sweep"),
    "total current": ({"impedance": {"at": "1 mA"}}, "impedance.at", "give a current density"),
    "no section": ({"impedance": None}, "quantities[0]", "needs the section"),
    "frequency outside": (
        {"quantities": [{"impedance": {"frequency": "1 GHz"}}]},
        "quantities[0].impedance.frequency",
        "outside",
    ),
    "no frequency": ({"quantities": ["impedance"]}, "quantities[0]", "needs `frequency`"),
    "not a frequency": (
        {"quantities": [{"impedance": {"frequency": "1 um"}}]},
        "quantities[0].impedance.frequency",
        "frequency",
    ),
}


@pytest.mark.parametrize(("changes", "path", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(changes: dict[str, Any], path: str, words: str) -> None:
    """One problem each, at its key."""
    with pytest.raises(InputError) as caught:
        study(**changes)
    found = {p.path.replace("quantities.0", "quantities[0]"): p.message for p in caught.value.problems}
    assert path in found
    assert words in found[path]
    assert len(found) == 1
