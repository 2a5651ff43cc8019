"""Space-charge layers at rest: Poisson's equation with mobile ions on sites, and its discrete counterpart.

* ``media``: what an electrolyte is made of: permittivity, mobile species, fixed charge.
* ``problem``: media on a mesh, electrodes and charged interfaces as one convex functional.
* ``solver``: its minimum, followed from zero load; capacitances from the linearised problem.
* ``planes``: the same physics on lattice planes, where the screening length is below their distance.
"""
