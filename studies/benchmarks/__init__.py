"""Performance: the same problems in bare dolfinx and PETSc and in this package, phase by phase."""
