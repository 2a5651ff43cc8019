"""Dissipation potentials, one file each; flux = d(dissipation)/d(force)."""
