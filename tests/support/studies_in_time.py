"""A cell with a salt that moves, in the words of a study file."""

from __future__ import annotations

from typing import Any

CELL: dict[str, Any] = {
    "study": "salt",
    "geometry": {
        "dimension": 1,
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "10 um"},
            {
                "name": "polymer",
                "material": "ideal-salt",
                "thickness": "50 um",
                "transport": {"salt_concentration": "1 mol/L", "model": "dilute"},
            },
            {"name": "counter", "material": "Li", "thickness": "10 um"},
        ],
    },
    "interfaces": {
        "anode|polymer": {"kinetics": "linear", "exchange_current": "1e6 A/m^2"},
        "polymer|counter": {"kinetics": "linear", "exchange_current": "1e6 A/m^2"},
    },
    "operation": {
        "protocol": [
            {"current": "10 A/m^2", "for": "20 min", "name": "pulse", "record_every": "10 s"},
            {"rest": "2 min"},
            {"current": "-60 A/m^2", "for": "10 min", "stop_when": {"lowest_concentration": "below 100 mol/m^3"}},
            {"rest": "1 h"},
        ],
    },
    "time": {"checkpoint_every": "1 us"},
    "mesh": {"error_estimate": "none"},
    "quantities": [
        "cell_voltage",
        "elapsed_time",
        "passed_charge",
        {"mean_concentration": {"layer": "polymer"}},
        {"lowest_concentration": {"layer": "polymer"}},
    ],
}
