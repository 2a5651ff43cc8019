"""What the core raises; callers turn these into messages and exit statuses."""


class ModelError(ValueError):
    """The model cannot be posed: something named does not exist or contradicts something else."""


class ConvergenceError(RuntimeError):
    """A solve did not converge although everything automatic was tried; the message says what to try."""


class CheckpointError(ValueError):
    """A checkpoint is damaged, or belongs to another model; the message names the file or what differs."""
