"""The commands of ``python -m training``, one a module: each is loaded when it is called."""
