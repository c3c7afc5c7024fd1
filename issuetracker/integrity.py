"""All that must hold between tables, of whichever app."""

import events.integrity
import issues.integrity

INVARIANTS = (*issues.integrity.INVARIANTS, *events.integrity.INVARIANTS)
