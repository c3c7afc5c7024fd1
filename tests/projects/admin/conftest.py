"""An operator, and a row of each table."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from projects.credentials import create_api_key, create_token
from projects.models import (
    ClientKey,
    Deploy,
    Organization,
    OrganizationMember,
    Project,
    Release,
    Role,
    Team,
    User,
)


@pytest.fixture
def operator(client: Client) -> Client:
    """A superuser's browser; without a password, whose hash would cost more than the test."""
    client.force_login(User.objects.create(username="operator", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def rows() -> dict[str, int]:
    """One row of each table, by the table's name."""
    organization = Organization.objects.create(slug="outer-rim", name="Outer Rim")
    user = User.objects.create(username="kit", email="kit@example.org", name="Kit", password="hash-of-a-password")
    team = Team.objects.create(organization=organization, slug="crew", name="Crew")
    team.members.add(user)
    project = Project.objects.create(organization=organization, slug="relay", name="Relay")
    project.teams.add(team)
    release = Release.objects.create(project=project, version="1.0.0")
    deploy = Deploy.objects.create(
        project=project, release=release, environment="production", finished_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    membership = OrganizationMember.objects.create(organization=organization, user=user, role=Role.OWNER)
    key, _ = create_api_key(organization, label="deploy")
    token, _ = create_token(user, label="laptop")
    return {
        "organization": organization.pk,
        "project": project.pk,
        "release": release.pk,
        "deploy": deploy.pk,
        "user": user.pk,
        "organizationmember": membership.pk,
        "team": team.pk,
        "apikey": key.pk,
        "apitoken": token.pk,
        "clientkey": ClientKey.objects.create(project=project, name="workers").pk,
    }
