"""Study files: schema, checks, defaults."""

from studies.schema.study import Expectation, Study

__all__ = ["Expectation", "Study"]
