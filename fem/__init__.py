"""Finite-element core: tagged mesh + materials + conditions -> solution and observables.

Nothing is imported eagerly: listing or checking studies must not load dolfinx.
"""
