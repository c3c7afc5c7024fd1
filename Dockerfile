# The service, for a PostgreSQL of its own or anybody's, and PgBouncer: compose.yaml, docs/deploy.md.

# This one has make.
FROM python:3.11-bookworm AS setup
WORKDIR /srv/issuetracker
COPY Makefile requirements.txt ./
RUN make setup

FROM debian:bookworm-slim AS pgbouncer
RUN apt-get update && apt-get install --yes --no-install-recommends pgbouncer && rm -rf /var/lib/apt/lists/*
COPY pgbouncer.ini /etc/pgbouncer/pgbouncer.ini
USER postgres
EXPOSE 6432
# It ends when the transactions in it have.
STOPSIGNAL SIGINT
# It reads passwords from a file alone; where this one lies is memory (compose.yaml).
ENTRYPOINT ["/bin/sh", "-c", "umask 077; echo \"\\\"issuetracker\\\" \\\"$DATABASE_PASSWORD\\\"\" > /run/pgbouncer/userlist.txt; exec pgbouncer /etc/pgbouncer/pgbouncer.ini"]

FROM python:3.11-slim-bookworm
# A number that stays the same: folders that outlast the image belong to it.
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/issuetracker issuetracker && \
    install --directory --owner=issuetracker --group=issuetracker --mode=0700 /var/lib/issuetracker
WORKDIR /srv/issuetracker
COPY --from=setup /srv/issuetracker/.venv .venv
COPY . .
RUN .venv/bin/python -m compileall -q desk events issues issuetracker projects
# Without DATABASE_URL the embedded PostgreSQL is there. Nothing else is ever written, but for /tmp.
ENV DATA_DIR=/var/lib/issuetracker
VOLUME /var/lib/issuetracker
USER 10001
EXPOSE 8000
ENTRYPOINT [".venv/bin/python", "manage.py"]
CMD ["serve", "--host", "0.0.0.0"]
