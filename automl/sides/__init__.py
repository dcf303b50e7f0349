"""What both sides share: rows that are judged, hold-outs, ensembles, finalists as they predict."""
