"""Studies of space charge at rest: from the words of the file to equilibria, curves and profiles."""
