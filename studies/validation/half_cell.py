"""A planar half-cell against PyBaMM: lithium | binary electrolyte | dense film of an active material.

Both codes get the same equations (concentrated solution with coefficients that follow the concentration, Fickian
diffusion in the film, Butler-Volmer kinetics whose exchange currents follow the concentrations) and the same currents.
PyBaMM (Sulzer et al., J. Open Res. Softw. 9 (2021) 14) builds them from its expression trees, discretises by finite
volumes and integrates with IDAS; it is no dependency of the package: its voltages lie in ``results``.

Run: ``python3 -m studies.validation.half_cell`` compares; ``--write`` computes the reference anew, where PyBaMM is
installed.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY, GAS

Floats = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parent / "results" / "half-cell-pybamm.csv"
RAMP = 5.0


@dataclass(frozen=True)
class Case:
    """One cell and what is done to it.

    Attributes:
        name: in the table.
        current: A/m^2 of the pulses, positive where the film gives lithium.
        pulse, rest: s. pulses: how many, with alternating sign.
        temperature: K.
        electrolyte, film: thicknesses, m.
        diffusivity: of the salt at 1000 mol/m^3, m^2/s. transference: of the cation.
        spread: diffusivity in the film at x = 0.5, m^2/s.
        salt: mol/m^3 at the beginning. stoichiometry: at the beginning.
        rate: k of the film, m/s (mol/m^3)^-1/2. plating: exchange current of lithium at 1000 mol/m^3, A/m^2.
    """

    name: str
    current: float
    pulse: float = 600.0
    rest: float = 400.0
    pulses: int = 2
    temperature: float = 298.15
    electrolyte: float = 5e-5
    film: float = 5e-6
    diffusivity: float = 4e-11
    transference: float = 0.3
    spread: float = 2e-14
    salt: float = 1000.0
    stoichiometry: float = 0.55
    rate: float = 1e-10
    plating: float = 20.0
    maximum: float = 5e4

    @property
    def times(self) -> Floats:
        """s, at which voltages are compared."""
        return np.asarray(np.linspace(0.0, self.duration, 81), dtype=np.float64)

    @property
    def duration(self) -> float:
        """s."""
        return self.pulses * (self.pulse + self.rest)

    def corners(self) -> tuple[list[float], list[float]]:
        """Times (s) and current densities (A/m^2) between which the current is linear."""
        times, values, begin = [0.0], [0.0], 0.0
        for k in range(self.pulses):
            height = self.current * (-1) ** k
            times += [begin + RAMP, begin + self.pulse, begin + self.pulse + RAMP, begin + self.pulse + self.rest]
            values += [height, height, 0.0, 0.0]
            begin += self.pulse + self.rest
        return times, values

    # ---------------------------------------------------------------- properties; m: module to compute with
    def open_circuit(self, x: Any, m: Any) -> Any:
        """V."""
        return 4.05 - 0.7 * x + 0.12 * x * x + 0.04 * m.exp(-12 * x) - 0.08 * m.exp(14 * (x - 1))

    def film_diffusivity(self, x: Any) -> Any:
        """m^2/s."""
        return self.spread * (0.4 + 2.4 * x * (1 - x))

    def salt_diffusivity(self, c: Any, m: Any) -> Any:
        """m^2/s."""
        return self.diffusivity * m.exp(-0.4 * (c / 1000 - 1))

    def conductivity(self, c: Any, m: Any) -> Any:
        """S/m."""
        return 0.9 * (c / 1000) * m.exp(-0.6 * (c / 1000 - 1))

    def factor(self, c: Any) -> Any:
        """Thermodynamic factor."""
        return 1.0 + 0.5 * c / 1000


CASES = (
    Case("moderate", 6.0, 400.0),
    Case("fast and cold", -6.0, 240.0, 240.0, 4, 273.15, 3e-5, 3e-6, 1.5e-11, 0.4, 6e-15, 1200.0, 0.4, 4e-11, 8.0),
)


# -------------------------------------------------------------------- this package
def cell(case: Case, boxes: int = 16) -> Any:
    """The cell as a model of this package, with terminals ``cathode`` and ``anode``.

    Args:
        case: what is computed. boxes: cells over the thickness of the film, finer at the interfaces.
    """
    import ufl

    from fem.conditions import Terminal
    from fem.dissipation.conduction import Equipotential
    from fem.dissipation.electrolyte import BinaryElectrolyte
    from fem.dissipation.intercalation import Intercalation
    from fem.interface.charge_transfer import ChargeTransfer
    from fem.interface.exchange import InsertionKinetics, PlatingKinetics
    from fem.model import Domain, Model, Settings

    host = Intercalation(lambda x: case.open_circuit(x, ufl), case.maximum, case.film_diffusivity, case.stoichiometry)
    medium = BinaryElectrolyte(
        lambda c: case.conductivity(c, ufl),
        lambda c: case.salt_diffusivity(c, ufl),
        case.transference,
        case.salt,
        case.factor,
    )
    plating: Any = PlatingKinetics(case.plating, 1000.0)
    insertion: Any = InsertionKinetics(case.rate)
    return Model(
        _mesh(case, boxes),
        {
            "lithium": Domain((Equipotential(),)),
            "electrolyte": Domain((medium,)),
            "film": Domain((Equipotential(),), host=host),
        },
        {
            "lithium|electrolyte": [ChargeTransfer("lithium", plating)],
            "electrolyte|film": [ChargeTransfer("film", insertion)],
        },
        [Terminal("cathode", "film", current=0.0), Terminal("anode", "lithium", potential=0.0)],
        Settings(temperature=case.temperature),
    )


def voltages(case: Case, boxes: int = 16, tolerance: float = 1e-5) -> tuple[Floats, Floats]:
    """Times (s) and voltages (V) of this package, at its own time steps.

    Args:
        case, boxes: as for `cell`. tolerance: of the time steps.
    """
    from fem.protocol import Protocol, Step
    from fem.solve.transient import TimeSettings, Transient

    times, values = case.corners()
    step = Step("pulses", "current", tuple(times), tuple(values), case.duration, initial_step=0.05)
    settings = TimeSettings(tolerance, largest_step=case.duration / 80)
    run = Transient(cell(case, boxes), Protocol((step,)), "cathode", 1.0, settings)
    points = [(p.time, p.voltage) for p in run.points()]
    run.destroy()
    found = np.array(points).T
    return found[0], found[1]


def _mesh(case: Case, boxes: int) -> Any:
    from mpi4py import MPI

    from meshes.generate import generate
    from meshes.sizes import MeshSizes
    from meshes.stack import Layer, Stack

    layers = (Layer("lithium", case.film), Layer("electrolyte", case.electrolyte), Layer("film", case.film))
    bulk = case.film / boxes
    return generate(Stack("1", layers), MeshSizes(bulk=2 * bulk, interface=bulk / 2), MPI.COMM_SELF)


# -------------------------------------------------------------------- PyBaMM
def reference(case: Case, cells: int = 400) -> Floats:
    """(times,) voltages of PyBaMM, V.

    Args:
        case: what is computed. cells: finite volumes in each layer.
    """
    import pybamm  # type: ignore[import-not-found,unused-ignore]

    thermal = GAS * case.temperature / FARADAY
    model = pybamm.BaseModel()
    x = pybamm.SpatialVariable("x", domain=["electrolyte"], coord_sys="cartesian")
    y = pybamm.SpatialVariable("y", domain=["film"], coord_sys="cartesian")
    salt = pybamm.Variable("salt", domain="electrolyte", scale=1000.0)
    share = pybamm.Variable("stoichiometry", domain="film")
    phi = pybamm.Variable("potential", domain="electrolyte")
    current = _pybamm_current(case, pybamm)

    kappa = case.conductivity(salt, pybamm)
    diffusion = 2 * thermal * case.factor(salt) * (1 - case.transference)
    density = -kappa * pybamm.grad(phi) + kappa * diffusion / salt * pybamm.grad(salt)
    salt_left, salt_right = (pybamm.boundary_value(salt, side) for side in ("left", "right"))
    surface = pybamm.boundary_value(share, "left")
    spread = case.salt_diffusivity(salt, pybamm)
    inside = case.film_diffusivity(share)

    model.rhs = {salt: pybamm.div(spread * pybamm.grad(salt)), share: pybamm.div(inside * pybamm.grad(share))}
    model.algebraic = {phi: pybamm.div(density)}
    plating = case.plating * (salt_left / 1000) ** 0.5
    drop = 2 * thermal * pybamm.arcsinh(-current / (2 * plating))
    slope = [
        (1 - case.transference) * current / (FARADAY * case.salt_diffusivity(c, pybamm))
        for c in (salt_left, salt_right)
    ]
    # the current density in the electrolyte is minus that of the film, everywhere
    rise = (
        current / case.conductivity(salt_right, pybamm)
        + 2 * thermal * case.factor(salt_right) * (1 - case.transference) / salt_right * slope[1]
    )
    gives = current / (FARADAY * case.maximum * case.film_diffusivity(surface))
    model.boundary_conditions = {
        salt: {"left": (slope[0], "Neumann"), "right": (slope[1], "Neumann")},
        phi: {"left": (-drop, "Dirichlet"), "right": (rise, "Neumann")},
        share: {"left": (gives, "Neumann"), "right": (pybamm.Scalar(0), "Neumann")},
    }
    model.initial_conditions = {
        salt: pybamm.Scalar(case.salt),
        share: pybamm.Scalar(case.stoichiometry),
        phi: pybamm.Scalar(0.0),
    }
    insertion = FARADAY * case.rate * case.maximum * (salt_right * (1 - surface) * surface) ** 0.5
    kinetic = 2 * thermal * pybamm.arcsinh(current / (2 * insertion))
    model.variables = {"voltage": pybamm.boundary_value(phi, "right") + case.open_circuit(surface, pybamm) + kinetic}

    geometry = {
        "electrolyte": {x: {"min": pybamm.Scalar(0), "max": pybamm.Scalar(case.electrolyte)}},
        "film": {y: {"min": pybamm.Scalar(0), "max": pybamm.Scalar(case.film)}},
    }
    kinds = {"electrolyte": pybamm.Uniform1DSubMesh, "film": pybamm.Uniform1DSubMesh}
    mesh = pybamm.Mesh(geometry, kinds, {x: cells, y: cells})
    methods = dict.fromkeys(
        kinds,
        pybamm.FiniteVolume(
            {
                "extrapolation": {
                    "order": {"gradient": "quadratic", "value": "quadratic"},
                    "use bcs": {"gradient": True, "value": True},
                }
            }
        ),
    )
    pybamm.Discretisation(mesh, methods).process_model(model)
    solver = pybamm.CasadiSolver(mode="safe", rtol=1e-8, atol=1e-9, dt_max=20)
    corners = np.array(case.corners()[0])
    solution = solver.solve(model, np.unique(np.concatenate([corners, case.times])))
    return np.asarray(solution["voltage"](case.times), dtype=float)


def _pybamm_current(case: Case, pybamm: Any) -> Any:
    times, values = case.corners()
    return pybamm.Interpolant(np.array(times), np.array(values), pybamm.t, interpolator="linear")


# -------------------------------------------------------------------- comparison
def recorded() -> dict[str, tuple[Floats, Floats]]:
    """Case -> times (s) and voltages (V) of PyBaMM."""
    rows: dict[str, list[tuple[float, float]]] = {}
    with REFERENCE.open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            rows.setdefault(row["case"], []).append((float(row["time_s"]), float(row["voltage_V"])))
    return {name: (np.array(found).T[0], np.array(found).T[1]) for name, found in rows.items()}


def _write() -> None:
    import pybamm  # type: ignore[import-not-found,unused-ignore]

    with REFERENCE.open("w", newline="") as file:
        file.write(f"# PyBaMM {pybamm.__version__}, finite volumes, IDAS with rtol 1e-8; see half_cell.py\n")
        table = csv.writer(file)
        table.writerow(["case", "time_s", "voltage_V"])
        for case in CASES:
            coarse, fine = reference(case, 150), reference(case, 300)
            print(f"{case.name}: 150 and 300 volumes differ by {1e3 * np.abs(fine - coarse).max():.4f} mV")
            table.writerows([case.name, f"{t:.6g}", f"{v:.7f}"] for t, v in zip(case.times, fine, strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, or write the reference."""
    given = sys.argv[1:] if arguments is None else arguments
    if "--write" in given:
        _write()
        return 0
    for case in CASES:
        times, theirs = recorded()[case.name]
        found = voltages(case)
        difference = np.interp(times, *found) - theirs
        print(f"{case.name}: {1e3 * np.abs(difference).max():.4f} mV apart over {np.ptp(theirs):.3f} V")
    return 0


if __name__ == "__main__":
    sys.exit(main())
