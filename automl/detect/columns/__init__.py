"""What each column holds: its kind, its codes for missing values, its units, and how sure that is."""
