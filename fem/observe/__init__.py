"""What is read off a solution: resistances, currents, focusing, stresses, energies, balances."""
