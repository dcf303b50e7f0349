"""Models as they are used: new rows in, predictions out."""
