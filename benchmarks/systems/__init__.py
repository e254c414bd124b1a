"""The peers: small programs, each written the way people publish it."""
