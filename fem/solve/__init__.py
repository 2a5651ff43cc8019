"""Solvers: the block system and its stages, Newton, linear solvers."""
