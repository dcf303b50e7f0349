"""Made-up problems of every modality and goal, one thread for small fits."""

from problems import fit, one_thread, problem

__all__ = ["fit", "one_thread", "problem"]
