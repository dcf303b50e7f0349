"""What shallow families learn with, once their features are numbers."""
