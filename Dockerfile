# The service, for a PostgreSQL of its own or anybody's: compose.yaml, docs/deploy.md.

# This one has make.
FROM python:3.11 AS setup
WORKDIR /srv/issuetracker
COPY Makefile requirements.txt ./
RUN make setup

FROM python:3.11-slim
RUN useradd --system issuetracker
WORKDIR /srv/issuetracker
COPY --from=setup /srv/issuetracker/.venv .venv
COPY . .
USER issuetracker
EXPOSE 8000
ENTRYPOINT [".venv/bin/python", "manage.py"]
CMD ["serve", "--host", "0.0.0.0"]
