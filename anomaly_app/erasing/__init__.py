"""`store erase`: an entity is erased on request, from the store of all workers."""
