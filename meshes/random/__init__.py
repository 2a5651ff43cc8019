"""Randomness that is the same on every machine: sizes, places, directions, grains. Pure numpy and scipy.

What decides are the raw doubles of PCG64, comparisons, and the operations that IEEE 754 rounds exactly
(+, -, *, /, square root), element by element: no library function whose last digit differs between machines.
"""
