"""Free energy densities, one file each; stress = d(energy)/d(strain)."""
