"""The systems to compare with: small programs, each written like published examples."""
