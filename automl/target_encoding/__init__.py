"""What a column's levels and repeated values tell of the target, out of fold."""
