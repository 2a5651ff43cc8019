"""Meshes of stacks with wavy and rough interfaces."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mesh_samples import HIGH, LOW, UM, facet_sizes, layer_sizes, stack
from scipy.special import ellipe

from meshes import MeshError, MeshSizes, Void
from meshes.features.roughness import Roughness, Waviness
from meshes.generate import generate_arrays
from meshes.morph import moved, moved_arrays
from meshes.quality import radius_ratio
from meshes.repair import signed_quality


def on_interface(arrays, name):  # type: ignore[no-untyped-def]
    return arrays.points[np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names[name]])]


def test_wavy_interface_has_its_length_and_its_cells() -> None:
    wave = Waviness(LOW, UM, 5 * UM)
    s = stack("2", wave)
    arrays = generate_arrays(s)
    x = on_interface(arrays, LOW)
    assert np.allclose(x[:, 1], 10 * UM + wave.relief(s).height(x[:, :1]), atol=1e-15)
    assert len(x) >= 8 * 20 / 5
    # length of a sine: incomplete elliptic integrals over whole periods
    slope2 = (2 * math.pi * 1 / 5) ** 2
    exact = 20 * UM * 2 / math.pi * math.sqrt(1 + slope2) * ellipe(slope2 / (1 + slope2))
    fine = generate_arrays(s, MeshSizes().scaled(0.5))
    errors = [abs(facet_sizes(a)[LOW] / exact - 1) for a in (arrays, fine)]
    assert errors[0] < 0.02
    assert errors[1] < 0.3 * errors[0]
    assert facet_sizes(arrays)[HIGH] == pytest.approx(20 * UM)
    assert layer_sizes(arrays)["anode"] == pytest.approx(200 * UM**2, rel=1e-3)


def test_rough_interfaces_of_a_buffer_layer_in_two_dimensions() -> None:
    features = (Roughness(LOW, 0.5 * UM, 2 * UM), Roughness(HIGH, 0.3 * UM, 2 * UM, seed=1))
    s = stack("2", *features)
    arrays = generate_arrays(s)
    for feature in features:
        x = on_interface(arrays, feature.at)
        assert np.allclose(x[:, 1], s.z_of(feature.at) + feature.relief(s).height(x[:, :1]), atol=1e-15)
        assert len(x) >= 8 * 20 / 2
    assert sum(layer_sizes(arrays).values()) == pytest.approx(20 * 70 * UM**2, rel=1e-12)
    assert radius_ratio(arrays.points, arrays.cells).min() > 0.05


def test_rough_interface_with_a_void_in_three_dimensions() -> None:
    rough = Roughness(LOW, 0.4 * UM, 8 * UM, longest=20 * UM)
    s = stack("3", rough, Void(LOW, 3 * UM, UM))
    arrays = generate_arrays(s, MeshSizes(bulk=4 * UM))
    x = on_interface(arrays, LOW)
    assert np.allclose(x[:, 2], 10 * UM + rough.relief(s).height(x[:, :2]), atol=1e-15)
    assert np.ptp(x[:, 2]) > UM
    assert facet_sizes(arrays)[LOW] > (400 - 9 * math.pi) * UM**2
    assert facet_sizes(arrays)["top"] == pytest.approx(400 * UM**2)


def test_axisymmetric_waves() -> None:
    s = stack("axisymmetric", Waviness(HIGH, UM, 10 * UM))
    x = on_interface(generate_arrays(s), HIGH)
    assert np.allclose(x[:, 1], 60 * UM + UM * np.cos(2 * np.pi * x[:, 0] / (10 * UM)), atol=1e-15)
    (problem,) = stack("axisymmetric", Roughness(HIGH, UM, 10 * UM)).problems()
    assert "axis" in problem.message


def test_cells_that_would_turn_over_are_refused() -> None:
    flat = generate_arrays(stack("2"), MeshSizes(bulk=5 * UM, interface=5 * UM, layer_cells=1))
    s = stack("2", Waviness(LOW, 15 * UM, UM))
    with pytest.raises(MeshError, match=r"anode\|electrolyte turns cells of layer .* at most 0\.\d+ times"):
        moved_arrays(flat, s)


def test_steep_waves_are_mended_where_they_turn_cells_over() -> None:
    """Crests of 3 um every 10 um: some cells of the moved mesh are inside out, of the mended one none is flat."""
    flat = generate_arrays(stack("3", Waviness(LOW, 1e-4 * UM, 10 * UM)), MeshSizes(bulk=5 * UM))
    s = stack("3", Waviness(LOW, 3 * UM, 10 * UM))
    sign = np.sign(signed_quality(flat.points, flat.cells))
    assert (sign * signed_quality(moved(flat.points, s), flat.cells)).min() < 0
    arrays = moved_arrays(flat, s)
    assert (sign * signed_quality(arrays.points, arrays.cells)).min() > 0.05
    named = np.unique(arrays.facets)
    assert np.array_equal(arrays.points[named], moved(flat.points, s)[named])


@pytest.mark.parametrize(
    ("feature", "path", "text"),
    [
        (Waviness(LOW, UM, 7 * UM), "wavelength", "6.66667e-06 or 8e-06"),
        (Waviness(LOW, UM, 7 * UM, periodic=True), "wavelength", "6.66667e-06 or 1e-05"),
        (Waviness(LOW, UM, 10 * UM, phase=1.0), "phase", "crest"),
        (Waviness(LOW, -UM, 10 * UM), "amplitude", "positive"),
        (Waviness(LOW, UM, 10 * UM, along="z"), "along", "one of"),  # type: ignore[arg-type]
        (Roughness(LOW, UM, 30 * UM), "shortest", "wavelengths must lie"),
        (Roughness(LOW, UM, UM, longest=50 * UM), "longest", "wavelengths must lie"),
        (Roughness(LOW, UM, UM, hurst=1.5), "hurst", "between 0 and 1"),
        (Roughness(LOW, UM, UM, seed=-1), "seed", "whole number"),
        (Roughness(LOW, 1e-13, 1e-12), "shortest", "facets"),
        (Roughness(LOW, 20 * UM, UM), "rms", "no room"),
    ],
)
def test_problems_name_the_key_and_what_is_allowed(feature: Waviness | Roughness, path: str, text: str) -> None:
    (problem,) = stack("2", feature).problems()
    assert problem.path == f"features[0].{path}"
    assert text in problem.message
