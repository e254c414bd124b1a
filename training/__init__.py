"""Training: read history, fit and calibrate a model, evaluate it, and save it."""
