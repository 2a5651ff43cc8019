"""The program behind `containers/run`: standard library only, Python 3.11 or newer."""
