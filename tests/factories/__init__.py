"""Rows for tests: each is the least that is valid, a trait puts it into a state, any column can be given by name.

Nothing is random and nothing reads a clock: times are relative to NOW, which tests pass as ``at=``.
"""

from tests.factories.base import LONG_AGO, NOTED, NOW, ModelFactory, Row, Trait
from tests.factories.issues import (
    ActivityFactory,
    HangsOnIssueFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    IssueTextFactory,
    MutationFactory,
)
from tests.factories.places import (
    ApiKeyFactory,
    ApiTokenFactory,
    ClientKeyFactory,
    DeployFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)

__all__ = [
    "LONG_AGO",
    "NOTED",
    "NOW",
    "ActivityFactory",
    "ApiKeyFactory",
    "ApiTokenFactory",
    "ClientKeyFactory",
    "DeployFactory",
    "HangsOnIssueFactory",
    "IssueBookmarkFactory",
    "IssueFactory",
    "IssueHashFactory",
    "IssueHourFactory",
    "IssueSeenFactory",
    "IssueSubscriptionFactory",
    "IssueTextFactory",
    "ModelFactory",
    "MutationFactory",
    "OrganizationFactory",
    "OrganizationMemberFactory",
    "ProjectFactory",
    "ReleaseFactory",
    "Row",
    "TeamFactory",
    "Trait",
    "UserFactory",
]
