"""What each column holds: its kind, its sentinel values, its units, and how sure that is."""
