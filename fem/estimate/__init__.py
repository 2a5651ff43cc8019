"""Errors of quantities: enriched solutions, adjoints of quantities, where cells must be divided."""
