"""HTTP: who calls and what is asked, one call into the domain, and the answer. A module for each kind of thing."""
