"""Deep architectures, one a file: a search space and a way to build a network from a point in it.

What those for tables share stands in `tables`.
"""
