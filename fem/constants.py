"""Physical constants in SI units (exact values of the 2019 SI)."""

FARADAY = 96485.33212331001  # C/mol
GAS = 8.31446261815324  # J/(mol K)
STANDARD_TEMPERATURE = 298.15  # K


def thermal_voltage(temperature: float) -> float:
    """RT/F in volts at ``temperature`` in kelvin."""
    return GAS * temperature / FARADAY
