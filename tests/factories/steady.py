"""Property tests that run the same twice, and that a busy machine does not fail."""

from hypothesis import settings

steady = settings(derandomize=True, deadline=None, database=None)
