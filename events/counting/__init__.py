"""From events that wait to numbers of issues (contract 7.7). Any number of processes may do it, none is needed to take
events in.

Each batch is one transaction, which takes events of one project out of those that wait, and counts them: a process that
dies anywhere loses none and counts none twice.
"""

from events.counting.loop import Counting, Kept
from events.counting.waiting import WAITING

__all__ = ["WAITING", "Counting", "Kept"]
