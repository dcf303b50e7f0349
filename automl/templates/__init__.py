"""Deep architectures, one a file: a search space and a way to build a network from a point in it.

What several share lies in `shared`.
"""
