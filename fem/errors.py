"""What the core raises; callers turn these into messages and exit statuses."""


class ModelError(ValueError):
    """The model cannot be posed: something named does not exist or contradicts something else."""


class ConvergenceError(RuntimeError):
    """A solve did not converge although everything automatic was tried; the message says what to try."""
