"""What needs not name a project, and why. What is as good a reason comes in here; nothing else does."""

# A caller names an issue by itself, and which project it is of is what is asked: where that is -> of which table.
LOOK_UPS = {
    # An issue's id or short id, under /api/0/issues/, among the projects that the caller may see.
    "issues/services/ground/finding.py:_named": "issues_issue",
    # The same at the desk, of who sees too many projects to name them; an issue, those that are selected, a mutation.
    "issues/reading/named.py:projects_of": "issues_issue",
    "issues/services/ground/finding.py:projects_of": "issues_issue",
    "issues/reading/history.py:projects_of": "issues_mutation",
    # A share id: a public link has nothing else in it.
    "issues/reading/named.py:find_shared": "issues_issue",
}

# What goes through all projects, set by set, since that is its purpose; nobody waits for it. Folders, files, functions.
WALKS = {
    "issues/management/commands/seed_issues.py": "fills an installation that has no issues",
    "issues/management/commands/undo.py": "an operator names a mutation by its number alone",
    "issuetracker/management/commands/demo.py": "looks whether there is any issue yet",
    "projects/admin/lists.py": "an operator, who sees all projects, looks for a release or a deploy in the settings",
    "issuetracker/site.py": "the same, where Django's own pages are answered",
    "issuetracker/integrity.py": "compares whole tables",
    "issuetracker/management/commands/migrate.py": "sends what migrations say",
    "issuetracker/management/commands/partition.py": "divides whole tables, while nothing serves",
    "issues/integrity": "compares whole tables",
    "events/integrity.py": "compares whole tables",
    "issues/services/pruning.py": "forgets what is older than an age, in all projects",
    "issues/services/occurrences/forgetting.py": "tidies up after issues that were deleted, in all projects",
    "events/counting/batches.py:projects": "asks which projects have events that wait",
    "events/counting/batches.py:_of_machines_that_answer": "asks the same of the machines of a cluster",
    "events/counting/batches.py:take_up": "lets what was set aside wait again, in all projects, when a counter starts",
    "events/counting/losses.py": "forgets days that are older than an age, in all projects",
    "events/counting/trimming.py": "looks for issues with too many whole events, in all projects",
    "events/counting/waiting.py": "measures how much waits, in all projects, for the metrics",
    "events/taking/limits.py": "refuses events when too many wait, in all projects",
    "events/weeks.py": "ends weeks that are older than an age, in all projects",
}
