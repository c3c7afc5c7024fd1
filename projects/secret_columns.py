"""Which columns hold a secret, or what one could be guessed from."""

# No page of the admin shows them, and no address of it finds by them (LargeTableAdmin.lookup_allowed).
SECRET_COLUMNS = frozenset({"projects.user.password", "projects.apikey.secret_hash", "projects.apitoken.secret_hash"})
