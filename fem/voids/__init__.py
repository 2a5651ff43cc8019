"""Voids at the lithium side of an interface: flow of lithium, vacancies, and a boundary that moves with both."""
