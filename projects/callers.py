"""Who calls, as everything below the view knows it."""

from dataclasses import dataclass, field

from projects.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, or an organization's API key: exactly one of the two, with the scopes that its credential has."""

    user: User | None = None
    api_key: ApiKey | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    token_id: int | None = None  # of the token with which the user calls, if it is one

    @property
    def user_id(self) -> int | None:
        """The calling user's id; None without a user context (an API key)."""
        return None if self.user is None else self.user.pk

    @property
    def api_key_id(self) -> int | None:
        return None if self.api_key is None else self.api_key.pk

    @property
    def sees_everything(self) -> bool:
        """Whether every organization may be seen: a superuser's."""
        return self.user is not None and self.user.is_superuser

    @property
    def sees_organization_id(self) -> int | None:
        """The one organization that may be seen, an API key's; None for users, whose memberships say it."""
        return None if self.api_key is None else self.api_key.organization_id
