"""Deep architectures, one per file: each has a search space and a function that builds a network from a point in it.

Code that several templates use lies in `shared`.
"""
