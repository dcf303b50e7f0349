"""Several recipes as one job: each contest in a process of its own, some at once, one page at the end."""

from __future__ import annotations

from automl.flow.batch.driver import run_batch
from automl.flow.batch.jobs import Ended, Job, exit_code_of, jobs_of

__all__ = ["Ended", "Job", "exit_code_of", "jobs_of", "run_batch"]
