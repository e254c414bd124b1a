"""Every setting of the app, once."""
