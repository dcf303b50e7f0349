"""What templates of one kind of data share."""
