"""Texts that scripts are filled into."""
