import json
import shlex
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from issues.management.commands.seed_issues import MIXED, PAIR_PROJECT
from issues.models import Issue
from issuetracker.management.commands import serve
from projects.models import ClientKey, Project, User
from projects.serializers import dsn

COMPANY = 20  # made-up issues beside the documented pair


class Command(serve.Command):
    """`manage.py demo`, which `make demo` calls."""

    help = (
        "Serve the documented example, ready to try: migrates, seeds, makes the superuser admin, and prints a curl of "
        "the example with the real key. A second start keeps key, token and password. Not for a database in real use."
    )

    def prepare(self) -> None:
        """Migrate, seed, and make the superuser's printed log-in true."""
        secrets = self.secrets = serve.installation_secrets()
        call_command("migrate", verbosity=0)
        seeded = StringIO()
        call_command("seed_projects", api_key=secrets.api_key, token=secrets.token, json=True, stdout=seeded)
        self.client_key = ClientKey.objects.filter(
            project__in=Project.objects.named(*PAIR_PROJECT.split("/")), is_active=True
        ).earliest("pk")
        self.shown_once = others(json.loads(seeded.getvalue()), known=secrets)
        call_command("seed_issues", verbosity=0, stdout=StringIO())
        seed_company()
        set_admin_password(secrets.admin_password)

    def announce(self, url: str) -> None:
        """Print what to paste."""
        issues = f"{url}/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"
        self.stdout.write(f"""
The example of the documentation, with this installation's key:

  curl -i -X PUT -u "{self.secrets.api_key}:" \\
    -H 'Content-Type: application/json' \\
    -d '{{"status": "unresolved", "isPublic": false}}' \\
    '{issues}?id=1&id=2'

For sentry-cli, as the user jane, and for any SDK:

  export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"
  export SENTRY_URL={url}/
  export SENTRY_AUTH_TOKEN={self.secrets.token}
  export SENTRY_ORG=the-interstellar-jurisdiction SENTRY_PROJECT=pump-station
  export SENTRY_DSN={dsn(self.client_key, base_url=url)}

With these, two lines that send an error:

  python -c 'import sentry_sdk; sentry_sdk.init(); 1 / 0'
  sentry-cli send-event -m 'The pump has stopped'

{self.shown_once}The admin: {url}/admin/
  user admin, password {self.secrets.admin_password}

Ctrl-C ends it; the data stays for the next start.
""")
        self.stdout.flush()


def seed_company() -> None:
    """Make made-up issues beside the documented pair, once: so that lists, filters and "all" show something."""
    if not Issue.objects.filter(
        project__in=Project.objects.named(*PAIR_PROJECT.split("/")), short_number__gt=2
    ).exists():
        call_command("seed_issues", count=COMPANY, status=MIXED, verbosity=0, stdout=StringIO())


def others(seeded: Any, *, known: serve.Secrets) -> str:
    """Return a paragraph with the secrets, other than ``known``, that the seeds made just now; nothing if none."""
    lines = []
    for organization in seeded["organizations"]:
        if organization["apiKey"] not in {None, known.api_key}:
            lines.append(f"  API key of {organization['slug']}: {organization['apiKey']}")
        for user in organization["users"]:
            if user["token"] not in {None, known.token}:
                lines.append(f"  token of {user['username']} in {organization['slug']}: {user['token']}")
    return "\n".join(["Made just now, and shown this once:", "", *lines, "", ""]) if lines else ""


def set_admin_password(password: str) -> None:
    """Make the superuser `admin`, or give it back the password that the demo prints."""
    admin = User.objects.filter(username="admin").first()
    if admin is None:
        User.objects.create_superuser("admin", email=None, password=password)
    elif not admin.check_password(password):
        admin.set_password(password)
        admin.save(update_fields=["password"])
