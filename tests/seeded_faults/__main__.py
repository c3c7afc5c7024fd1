"""Put each fault into a copy of the tree, and say which test finds it: ``make faults``."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.seeded_faults.faults import MEND, ROOT, Fault, read_faults

PATIENCE_WITHOUT = 1800  # seconds for all that found a fault, with none
PASSED, FAILED = 0, 1  # what pytest ends with
# Uses the cluster of the tests until its input ends: each run of tests finds it running, and needn't start it.
HOLD = """
import sys, django
django.setup()
from django.db import connection
from tests.database import use_a_cluster_for_tests
use_a_cluster_for_tests()
connection.ensure_connection()
sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How pytest ended: with None if it had to be ended. ``first`` is the first failure, ``said`` its last lines."""

    ended_with: int | None
    first: str
    said: str


class Copy:
    """A copy of the tree, with an embedded PostgreSQL of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            **{name: word for name, word in os.environ.items() if name not in {"DATABASE_URL", "DATA_DIR"}},
            "DJANGO_SETTINGS_MODULE": "issuetracker.settings",
        }
        self._written = 0
        self._has_database = False
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():  # and not deleted since
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)

    @contextmanager
    def with_database(self) -> Iterator[None]:
        """Keep its PostgreSQL running."""
        command = [sys.executable, "-c", HOLD]
        holder = subprocess.Popen(command, cwd=self.folder, env=self._environment, stdin=subprocess.PIPE)
        try:
            yield
        finally:
            holder.communicate()

    @contextmanager
    def having(self, fault: Fault) -> Iterator[None]:
        """Put a fault in, and take it out again."""
        before = {edit.file: (self.folder / edit.file).read_text() for edit in fault.edits}
        self._write(fault.put_into(self.folder))
        self._has_database &= not fault.changes_the_schema
        try:
            yield
        finally:
            self._write(before)
            self._has_database &= not fault.changes_the_schema

    def _write(self, files: dict[str, str]) -> None:
        """Write files with times that they never had: by a time in seconds, Python knows whether it compiles anew."""
        for name, text in files.items():
            self._written += 1
            (self.folder / name).write_text(text)
            os.utime(self.folder / name, (self._written, self._written))

    def test(self, tests: Sequence[str], *, patience: int) -> Run:
        """Run tests until the first one fails."""
        database = ["--reuse-db"] if self._has_database else ["--reuse-db", "--create-db"]
        process = subprocess.Popen(
            [*(sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider"), *database, *tests],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self._has_database = False  # whatever stands in it by now
            return Run(None, f"(not done after {patience} s)", "")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        self._has_database = process.returncode in {PASSED, FAILED}
        found = re.search(r"^(?:FAILED|ERROR) (tests/.*?)(?: - |$)", said, re.MULTILINE)
        return Run(process.returncode, found[1] if found else "", "\n".join(said.splitlines()[-15:]))


@contextmanager
def copied() -> Iterator[Copy]:
    folder = Path(tempfile.mkdtemp(prefix="issuetracker-faults-"))
    folder.chmod(0o755)  # for the OS user that PostgreSQL runs as, where the caller is root
    try:
        yield Copy(folder)
    finally:
        shutil.rmtree(folder)


def try_out(copy: Copy, fault: Fault) -> str | None:
    """Print which test finds the fault, and return it; None when there is none, or it can't be told."""
    began = monotonic()
    found, said = None, f"{MEND}. {'; '.join(fault.misfits(copy.folder))}"
    if not list(fault.misfits(copy.folder)):
        with copy.having(fault):
            run = copy.test(fault.tests, patience=fault.patience)
        if run.ended_with in {FAILED, None}:  # a test that hangs is one that fails
            found = said = run.first
        else:
            said = "NOT FOUND" if run.ended_with == PASSED else f"its tests could not be run:\n{run.said}"
    print(f"{fault.name:60} {said}  ({monotonic() - began:.0f} s)", flush=True)
    return found


def main() -> int:
    parser = ArgumentParser(prog="tests.seeded_faults", description=__doc__)
    parser.add_argument(
        "-k", metavar="TEXT", action="append", help="only faults with this text in their name or area, or with another"
    )
    parser.add_argument("--list", action="store_true", help="only say which there are, and what each takes away")
    parser.add_argument("--check", action="store_true", help="only say which no longer fit the tree")
    chosen = parser.parse_args()
    faults = [
        fault for fault in read_faults() if any(text in f"{fault.area}: {fault.name}" for text in chosen.k or [""])
    ]
    if chosen.list:
        for fault in faults:
            print(f"{fault.area}: {fault.name}. {fault.takes}")
        return 0
    if chosen.check:
        misfits = [f"{fault.area}.toml: {fault.name}: {why}" for fault in faults for why in fault.misfits(ROOT)]
        print("".join(f"tests/seeded_faults/{misfit}; {MEND}.\n" for misfit in misfits), end="")
        return 1 if misfits else 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so leave nothing behind
    with copied() as copy, copy.with_database():
        found = [try_out(copy, fault) for fault in faults]
        # Once more without any: a test that fails anyhow finds nothing.
        tests = sorted({test.partition("[")[0] for test in found if test is not None and "::" in test})
        clean = copy.test(tests, patience=PATIENCE_WITHOUT) if tests else Run(PASSED, "", "")
    missed = found.count(None)
    print(f"{len(faults) - missed} of {len(faults)} are found.")
    if clean.ended_with != PASSED:
        print(f"But without a fault these tests don't pass either:\n{clean.said}")
    return 1 if missed or clean.ended_with != PASSED else 0


if __name__ == "__main__":
    sys.exit(main())
