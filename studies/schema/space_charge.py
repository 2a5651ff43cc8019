"""The space_charge section: what is mobile in each layer, and the potentials of the electrodes beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.fields import (
    Bounds,
    Fraction,
    In,
    InterfaceName,
    Name,
    NotABoolean,
    Part,
    PositiveFraction,
    PositiveLength,
    Potential,
    complaint,
)

Model = Literal["lattice-gas", "bikerman", "dilute", "frozen-background", "saturating-defects", "insulator"]
MODELS: dict[str, tuple[str, ...]] = {
    "lattice-gas": ("site_density", "occupancy"),
    "bikerman": ("density", "crowding"),
    "dilute": ("density",),
    "frozen-background": ("density",),
    "saturating-defects": ("site_density", "saturation", "formation_energy"),
    "insulator": (),
}
"""What each model needs, by itself or from the material."""

IONS: dict[str, tuple[str, ...]] = {
    "lattice-gas": ("Li+",),
    "bikerman": ("cation", "anion"),
    "dilute": ("cation", "anion"),
    "frozen-background": ("ion",),
    "saturating-defects": ("Li_i+", "V_Li-"),
    "insulator": (),
}
"""Names of the ions of each model."""

FROM_MATERIAL: dict[str, dict[str, str]] = {
    "lattice-gas": {"site_density": "lithium_site_density", "occupancy": "lithium_occupancy"},
    "frozen-background": {"density": "mobile_defect_density"},
    "saturating-defects": {
        "site_density": "pfd_site_density",
        "saturation": "pfd_saturation",
        "formation_energy": "pfd_formation_energy",
    },
}
"""Properties of materials that stand in for keys that are left out."""

NumberDensity = Annotated[float, In("number density", Bounds(above=0.0))]
SignedDensity = Annotated[float, In("number density")]
Energy = Annotated[float, In("molar energy")]
SurfaceCharge = Annotated[float, In("surface charge density")]
AreaDensity = Annotated[float, In("sites per area", Bounds(above=0.0))]
Count = Annotated[int, NotABoolean]


class Electrons(Part):
    """Electrons that an electrode exchanges with the layer."""

    electrode: Name = Field(description="Electrode whose Fermi level they share.")
    density: NumberDensity = Field(description="Density of states of the band.")
    offset: Energy = Field(description="Band edge above the Fermi level of the electrode, at its potential.")


class Mobile(Part):
    """What carries the space charge of a layer.

    lattice-gas: lithium ions on a share (`occupancy`) of the sites, in a fixed background. bikerman: two ions on
    common sites, `density` each, which fill the share `crowding` of them. dilute: two ions without limit (Gouy and
    Chapman). frozen-background: one dilute ion in its frozen counter-charge (Mott and Schottky). saturating-defects:
    lithium interstitials and vacancies, each on the share `saturation` of the sites (Poisson-Fermi-Dirac).
    """

    model: Model = Field(description="Statistics of the mobile species.")
    site_density: NumberDensity | None = Field(default=None, description="Sites per volume; default: the material's.")
    occupancy: PositiveFraction | None = Field(
        default=None, description="Share of the sites that ions have in the neutral bulk; default: the material's."
    )
    density: NumberDensity | None = Field(default=None, description="Ions per volume in the neutral bulk.")
    crowding: PositiveFraction | None = Field(default=None, description="Share of the sites that both ions fill.")
    saturation: PositiveFraction | None = Field(
        default=None, description="Share of the sites that a defect can fill; default: the material's."
    )
    formation_energy: Energy | None = Field(
        default=None, description="Formation energy of both defects in the neutral bulk; default: the material's."
    )
    charge: Annotated[Literal[1, -1], NotABoolean] = Field(
        default=1, description="Charge of the mobile ion of a frozen background."
    )
    interaction: Energy = Field(
        default=0.0,
        description="Energy J by which an ion's chemical potential rises with its excess, J (theta - theta_bulk),"
        " beyond the mean field; more than -4 RT. For lattice-gas.",
    )
    coulomb: Fraction = Field(
        default=1.0,
        description="Share of the ions' charge that makes fields: less leaves out part of their interaction.",
    )
    transport: Literal["hopping", "carriers"] = Field(
        default="hopping",
        description="Conductivity in proportion to ions times vacancies (hopping) or to ions (carriers).",
    )
    conserved: bool = Field(
        default=False, description="The ions cannot leave the layer (blocking electrodes): their amount is fixed."
    )
    bulk_potential: Potential = Field(
        default=0.0, description="Potential of the neutral bulk relative to other layers in equilibrium with it."
    )
    fixed_charge: SignedDensity | None = Field(
        default=None, description="Immobile charges per volume; default: what makes the bulk neutral."
    )
    electrons: Electrons | None = Field(default=None, description="Electrons beside the ions.")
    plane_spacing: PositiveLength | None = Field(
        default=None, description="Distance of the lattice planes (mode planes); default: the material's."
    )

    @model_validator(mode="after")
    def _own_keys(self) -> Mobile:
        every = {key for keys in MODELS.values() for key in keys}
        for key in sorted(every - set(MODELS[self.model])):
            if getattr(self, key) is not None:
                raise complaint(f"model {self.model} has no {key}")
        if self.interaction and self.model != "lattice-gas":
            raise complaint("interaction is for the model lattice-gas")
        if self.charge != 1 and self.model != "frozen-background":
            raise complaint("charge is for the model frozen-background")
        return self


class Contact(Part):
    """An electrode: a layer that is a metal."""

    potential: Potential | None = Field(default=None, description="Its potential, for example against Li/Li+.")
    flat_band: Potential | None = Field(
        default=None,
        description="Potential at which the layers beside it stay flat; default: the charge-neutrality potential of"
        " the material beside it where that is known (saturating-defects), else 0 V.",
    )
    charge: SurfaceCharge | None = Field(
        default=None, description="Its charge per nominal area instead of a potential: 0 C/m^2 for a floating metal."
    )

    @model_validator(mode="after")
    def _one(self) -> Contact:
        if (self.potential is None) == (self.charge is None):
            raise complaint("give either its potential or its charge")
        return self


class Sheet(Part):
    """Charge on an interface between two layers, as that of a grain-boundary core: fixed, or on sites of its own."""

    charge: SurfaceCharge = Field(default=0.0, description="Fixed charge per area.")
    sites: AreaDensity | None = Field(
        default=None, description="Sites of the core per area that lithium ions may fill."
    )
    occupancy: PositiveFraction | None = Field(
        default=None, description="Share of these sites that would be filled if the core had the potential of the bulk."
    )

    @model_validator(mode="after")
    def _something(self) -> Sheet:
        if (self.sites is None) != (self.occupancy is None):
            raise complaint("sites and occupancy go together")
        if self.sites is None and self.charge == 0.0:
            raise complaint("give its charge, or its sites and their occupancy")
        if self.occupancy == 1.0:
            raise complaint("occupancy must leave sites empty: less than 1")
        return self


class PotentialPoints(Part):
    """Potentials of an electrode: a range, or a list."""

    from_: Potential | None = Field(default=None, alias="from", description="First potential.")
    to: Potential | None = Field(default=None, description="Last potential.")
    points: Count | None = Field(default=None, ge=2, le=1000, description="Number of points, ends included.")
    values: list[Potential] | None = Field(
        default=None, min_length=1, max_length=1000, description="The potentials one by one, instead of a range."
    )

    @model_validator(mode="before")
    @classmethod
    def _list(cls, data: Any) -> Any:
        return {"values": data} if isinstance(data, list) else data

    @model_validator(mode="after")
    def _range_or_list(self) -> PotentialPoints:
        given = [x for x in (self.from_, self.to, self.points) if x is not None]
        if self.values is not None and given:
            raise complaint("give either a list of values or from, to and points")
        if self.values is None and len(given) < 3:
            raise complaint("from, to and points are needed (or a list of potentials)")
        return self

    def expand(self) -> tuple[float, ...]:
        """All potentials in order, V."""
        if self.values is not None:
            return tuple(self.values)
        assert self.from_ is not None
        assert self.to is not None
        assert self.points is not None
        a, b, n = self.from_, self.to, self.points
        return (*(a + (b - a) * (k / (n - 1)) for k in range(n - 1)), b)


class PotentialSweep(Part):
    """One equilibrium after the other while the potential of an electrode changes; its own one comes last."""

    electrode: Name = Field(description="The electrode.")
    potential: PotentialPoints = Field(description="Its potentials.")


class Injected(Part):
    """The space-charge layer of an interface, from a study of its own: `NAME` or `{study: NAME, potential: ...}`."""

    study: str = Field(min_length=1, description="A space-charge study: its file, or its name in the catalogue.")
    potential: Potential | None = Field(
        default=None,
        description="Potential of the electrode at which its numbers are taken; default: the equilibrium potential.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name(cls, data: Any) -> Any:
        return {"study": data} if isinstance(data, str) else data


class SpaceCharge(Part):
    """Space charge at rest: Poisson's equation with mobile ions, instead of currents."""

    mode: Literal["continuum", "planes"] = Field(
        default="continuum",
        description="continuum; or planes: every lattice plane a layer of charge, where the screening length is below"
        " their distance (1-D, no mesh).",
    )
    electrodes: dict[Name, Contact] = Field(default_factory=dict, description="Metal layers, by name.")
    media: dict[Name, Mobile] = Field(description="What is mobile in each of the other layers, by name.")
    interfaces: dict[InterfaceName, Sheet] = Field(
        default_factory=dict, description="Charged interfaces between two of the media, by name."
    )
    sweep: PotentialSweep | None = Field(default=None, description="A curve instead of one equilibrium.")
