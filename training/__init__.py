"""From a file of history to a model: load, encode, fit, calibrate, save."""
