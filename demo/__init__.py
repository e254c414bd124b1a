"""``make demo``: a broker, a simulator of card customers, and the app between them."""
