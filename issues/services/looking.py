"""What opening an issue does: whoever looks at it has seen it.

Not by services/bulk.py: it is nobody's wish and no step that one takes back, and a history of all that was ever opened
would bury what was done. Nor does it wait for who changes the issue.
"""

from issues.models import Issue
from issues.mutation import NamedIssues
from issues.services.ground.targets import NamedTargets
from issues.services.verbs import seen
from projects import acting
from projects.acting import Act

NO_MUTATION = 0


def look_at(issue: Issue, act: Act) -> bool:
    """Mark an issue as seen by the calling user; return whether that made a difference. An API key sees nothing.

    :raises OperationalError: the issue is being deleted, or there is no database; nothing was written.
    """
    if act.user_id is None:
        return False
    targets = NamedTargets(NamedIssues(issue.project_id, ids=frozenset({issue.pk})), NO_MUTATION, [issue.pk])
    for attempt in acting.attempts(act):
        with attempt:
            marked = seen.mark_seen(targets, user_id=act.user_id, at=act.at)
    return bool(marked)
