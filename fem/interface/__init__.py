"""Interface laws: an energy, a dissipation and a state in one dimension less, one file each."""
