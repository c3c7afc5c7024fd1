"""Make the organizations, projects and people that the documentation and the tests talk about."""

import json
from collections import Counter
from datetime import UTC, datetime
from shlex import quote
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import models, transaction

from projects.credentials import create_api_key, create_token, hashed
from projects.management import base
from projects.models import (
    ApiKey,
    ApiToken,
    ClientKey,
    Organization,
    OrganizationMember,
    Project,
    Release,
    Role,
    Team,
    User,
)
from projects.serializers import dsn

LABEL = "seed_projects"  # tells the credentials made here from those that people make


class ProjectSeed(NamedTuple):
    slug: str
    name: str
    platform: str
    releases: tuple[tuple[str, datetime], ...] = ()


class TeamSeed(NamedTuple):
    slug: str
    name: str
    projects: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class UserSeed(NamedTuple):
    username: str
    name: str
    role: Role


class OrganizationSeed(NamedTuple):
    slug: str
    name: str
    projects: tuple[ProjectSeed, ...]
    teams: tuple[TeamSeed, ...]
    users: tuple[UserSeed, ...]


# The cast of contract section 4; its first organization and first user are those that K and T are for.
CAST = (
    OrganizationSeed(
        slug="the-interstellar-jurisdiction",
        name="The Interstellar Jurisdiction",
        projects=(
            ProjectSeed(
                slug="pump-station",
                name="Pump Station",
                platform="python",
                # Fixed dates, so that which one is newest never depends on when the seed ran.
                releases=(
                    ("1.0.0", datetime(2026, 1, 12, 9, tzinfo=UTC)),
                    ("1.1.0", datetime(2026, 3, 2, 9, tzinfo=UTC)),
                ),
            ),
            ProjectSeed(slug="prime-mover", name="Prime Mover", platform="javascript"),
        ),
        teams=(
            TeamSeed(
                slug="powerful-abolitionist",
                name="Powerful Abolitionist",
                projects=("pump-station", "prime-mover"),
                members=("jane",),
            ),
            TeamSeed(slug="captain-planet", name="Captain Planet"),
        ),
        users=(UserSeed("jane", "Jane Schmidt", Role.OWNER), UserSeed("sam", "Sam Okafor", Role.MEMBER)),
    ),
    OrganizationSeed(
        slug="outer-rim",
        name="Outer Rim",
        projects=(ProjectSeed(slug="relay", name="Relay", platform="go"),),
        teams=(),
        users=(UserSeed("kit", "Kit Lindqvist", Role.OWNER),),
    ),
)


def usable_secret(option: str, secret: str | None, *, refused: str = "") -> str | None:
    """Return a secret that was given, or None.

    :raises CommandError: it can't be sent in an Authorization header. The secret itself is not part of the message.
    """
    if secret is None:
        return None
    if not secret or any(not "!" <= letter <= "~" or letter in refused for letter in secret):
        colon = " and colons" if ":" in refused else ""
        raise CommandError(f"{option} must be printable ASCII without spaces{colon}, at least one character.")
    return secret


class Command(base.Command):
    help = (
        "Make two organizations with projects, teams, releases, users and a credential each; again makes nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--api-key", help=f"the API key of {CAST[0].slug}, instead of a random one")
        parser.add_argument("--token", help=f"the token of {CAST[0].users[0].username}, instead of a random one")
        parser.add_argument("--json", action="store_true", help="print one JSON object: what there is, and the secrets")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, all or nothing, then print it.

        :raises CommandError: a given secret is not usable, or somebody else's.
        """
        given_key = usable_secret("--api-key", options["api_key"], refused=":")
        given_token = usable_secret("--token", options["token"])

        self.base_url = settings.BASE_URL or f"http://127.0.0.1:{settings.PORT}"
        self.made: Counter[str] = Counter()
        self.replaced: list[str] = []
        with transaction.atomic():
            first, second = CAST
            organizations = [
                self.organization(first, given_key=given_key, given_token=given_token),
                self.organization(second),
            ]
            if options["json"]:
                self.tell(json.dumps({"organizations": organizations}))
            else:
                self.tell("\n".join(self.report(organizations)))

    def organization(
        self, seed: OrganizationSeed, *, given_key: str | None = None, given_token: str | None = None
    ) -> dict[str, Any]:
        """Make what is missing of one organization; return its part of the answer."""
        # Locked: of two seeds at the same time, the second waits here, then finds everything made.
        organization, made = Organization.objects.select_for_update(no_key=True).get_or_create(
            slug=seed.slug, defaults={"name": seed.name}
        )
        self.count(organization, made)
        projects = [self.project(organization, project) for project in seed.projects]
        users = [self.user(organization, user) for user in seed.users]
        teams = [self.team(organization, team) for team in seed.teams]
        api_key = self.api_key(organization, given_key)
        tokens = [self.token(user, given_token if user == users[0] else None) for user in users]
        return {
            "id": str(organization.pk),
            "slug": organization.slug,
            "apiKey": api_key,
            "teams": [{"id": str(team.pk), "slug": team.slug} for team in teams],
            "projects": [
                {"id": str(project.pk), "slug": project.slug, "dsn": self.dsn(project)} for project in projects
            ],
            "users": [
                {"id": str(user.pk), "username": user.username, "email": user.email, "token": token}
                for user, token in zip(users, tokens, strict=True)
            ],
        }

    def project(self, organization: Organization, seed: ProjectSeed) -> Project:
        project, made = Project.objects.get_or_create(
            organization=organization, slug=seed.slug, defaults={"name": seed.name, "platform": seed.platform}
        )
        self.count(project, made)
        for version, released_at in seed.releases:
            release, made = Release.objects.get_or_create(
                project=project, version=version, defaults={"released_at": released_at}
            )
            self.count(release, made)
        return project

    def dsn(self, project: Project) -> str:
        """See to it that the project has a client key; return its DSN. One that was disabled is left alone."""
        key = ClientKey.objects.filter(project=project, name=LABEL, is_active=True).order_by("pk").first()
        if key is None:
            key = ClientKey.objects.create(project=project, name=LABEL)
            self.count(key, True)
        return dsn(key, base_url=self.base_url)

    def user(self, organization: Organization, seed: UserSeed) -> User:
        user = User.objects.filter(username=seed.username).first()
        self.made["user"] += user is None
        if user is None:
            # No password: nobody can log in as them before an operator says `manage.py changepassword`.
            user = User.objects.create_user(seed.username, f"{seed.username}@example.com", name=seed.name)
        OrganizationMember.objects.get_or_create(organization=organization, user=user, defaults={"role": seed.role})
        return user

    def team(self, organization: Organization, seed: TeamSeed) -> Team:
        team, made = Team.objects.get_or_create(organization=organization, slug=seed.slug, defaults={"name": seed.name})
        self.count(team, made)
        team.projects.add(*Project.objects.filter(organization=organization, slug__in=seed.projects))
        team.members.add(*User.objects.filter(username__in=seed.members))
        return team

    def api_key(self, organization: Organization, given: str | None) -> str | None:
        """See to it that the organization has a key, the given one if any; return its secret where that is known.

        One that was disabled is left alone, and another is made: taking a key back is not undone by a seed.
        """
        key = ApiKey.objects.filter(organization=organization, label=LABEL, is_active=True).order_by("pk").first()
        if given is not None:
            holder = ApiKey.objects.select_related("organization").filter(secret_hash=hashed(given)).first()
            if holder is not None and holder != key:
                state = "" if holder.is_active else ", disabled"
                raise CommandError(
                    f"The API key is taken: it is {holder} of {holder.organization}{state}. Give another."
                )
        if key is None:
            key, secret = create_api_key(organization, secret=given, label=LABEL)
            self.count(key, True)
            return secret
        if given is not None:
            self.replace_secret(key, given)
        return given

    def token(self, user: User, given: str | None) -> str | None:
        """See to it that the user has a token, the given one if any; return its secret where that is known."""
        token = ApiToken.objects.filter(user=user, label=LABEL).order_by("pk").first()
        if given is not None:
            holder = ApiToken.objects.select_related("user").filter(secret_hash=hashed(given)).first()
            if holder is not None and holder != token:
                raise CommandError(f"The token is taken: it is {holder} of {holder.user}. Give another.")
        if token is None:
            token, secret = create_token(user, secret=given, label=LABEL)
            self.count(token, True)
            return secret
        if given is not None:
            self.replace_secret(token, given)
        return given

    def replace_secret(self, credential: ApiKey | ApiToken, secret: str) -> None:
        if credential.secret_hash == hashed(secret):
            return
        credential.secret_hash, credential.hint = hashed(secret), secret[-4:]
        credential.save(update_fields=["secret_hash", "hint"])
        self.replaced.append(str(credential))

    def count(self, row: models.Model, made: bool) -> None:
        self.made[str(row._meta.verbose_name)] += made

    def report(self, organizations: list[dict[str, Any]]) -> list[str]:
        """Return the lines for people: what was made, then the secrets as a shell takes them."""
        made = [f"{number} {noun}{'s' if number > 1 else ''}" for noun, number in self.made.items() if number]
        lines = [f"Made {', '.join(made)}." if made else "Made nothing: everything is there."]
        if self.replaced:
            lines.append(f"Replaced the secret of {' and '.join(self.replaced)}: the one before is of no use now.")
        lines.append(
            "A secret is shown once, only its hash is kept. An API key is a Basic user name, a token a Bearer token."
        )
        for organization in organizations:
            lines += ["", f"# {organization['slug']}"]
            name = organization["slug"].upper().replace("-", "_")
            lines.append(
                secret_line(
                    f"{name}_API_KEY", organization["apiKey"], f"create_api_key --organization {organization['slug']}"
                )
            )
            for user in organization["users"]:
                lines.append(
                    secret_line(
                        f"{user['username'].upper()}_TOKEN", user["token"], f"create_token --user {user['username']}"
                    )
                )
            for project in organization["projects"]:
                lines.append(f"{project['slug'].upper().replace('-', '_')}_DSN={quote(project['dsn'])}")
        return lines


def secret_line(name: str, secret: str | None, another: str) -> str:
    if secret is None:
        return f"# {name}: made earlier, not known any more. Another: manage.py {another}"
    return f"{name}={quote(secret)}"
