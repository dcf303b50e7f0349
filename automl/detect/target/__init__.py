"""What is to be predicted: the goal that a target asks for, and its classes."""
