"""Code shared by templates for the same kind of data."""
