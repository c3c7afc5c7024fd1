"""The ``query`` language (contract section 2, docs/search-grammar.md): text in, frozen terms out. No ORM.

::

    is:unresolved !level:[info,debug] "pump 3" assigned:#powerful-abolitionist timesSeen:>100 age:-24h

``parse`` reads it; ``conditions`` has what it can come to. What a name stands for (a person, a release) is looked up by
``services/ground/names.py``; until then a term has the name, and no issue can be compared with it.
"""

from issues.search.conditions import AnyOf, Condition, Name, Pattern, Term, split_status
from issues.search.parsing import MAX_LENGTH, MAX_TERMS, NOT_UTF_8, BadTerm, parse, quoted, refusal

__all__ = [
    "MAX_LENGTH",
    "MAX_TERMS",
    "NOT_UTF_8",
    "AnyOf",
    "BadTerm",
    "Condition",
    "Name",
    "Pattern",
    "Term",
    "parse",
    "quoted",
    "refusal",
    "split_status",
]
