"""What may be predicted: how a goal's truth, outputs and decisions are made."""
