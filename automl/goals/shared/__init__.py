"""What several goals share: codecs of targets, calibration, means of outputs, what metrics read beside."""
