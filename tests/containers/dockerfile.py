"""What Dockerfile says, read line by line; and images made of that without an engine, by chroot.

There is no registry, either: a bare Debian that debootstrap makes stands for each image that a stage begins with, with
Debian's Python and make where that is one of Python's. The rest is what the file says, so the two can't differ.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = "bookworm"
KEPT = ("PIP_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTRUCTION = re.compile(r"([A-Z]+)\s+(.*)", re.DOTALL)


class CannotRun(Exception):
    """Images can't be made here; the message says what to do."""


def need() -> None:
    """See that this machine can.

    :raises CannotRun: it can't.
    """
    if os.getuid() != 0:
        raise CannotRun("These tests make images by chroot: run them as root.")
    for program in ("debootstrap", "unshare", "nsenter", "setpriv"):
        if shutil.which(program) is None:
            package = "debootstrap" if program == "debootstrap" else "util-linux"
            raise CannotRun(f"These tests make images by {program}, and there is none: apt-get install {package}")


@dataclass
class Image:
    """A root folder, and how its program is begun."""

    root: Path
    workdir: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction and its words; a line that ends with a backslash goes on."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        found = INSTRUCTION.fullmatch(line)
        assert found, line
        yield found[1], found[2].strip()


class Builder:
    """Makes the stages of Dockerfile below a folder, each once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images: dict[str, Image] = {}
        self.source = folder / "source"

    def base(self) -> Path:
        """Return a bare Debian, made unless it is there."""
        root = self.folder / "debian"
        if not (root / "made").exists():
            shutil.rmtree(root, ignore_errors=True)
            done = subprocess.run(
                ["debootstrap", "--variant=minbase", "--include=ca-certificates", DEBIAN, root, *mirror()],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout[-2000:]
            like_this_machine(root)
            (root / "made").touch()
        return root

    def debian_with(self, name: str, packages: Sequence[str]) -> Path:
        """Return a copy of it with these packages more."""
        root = self.folder / name
        if not (root / "made").exists():
            copy(self.base(), root)
            (root / "made").unlink()
            if packages:
                install = "apt-get install --yes -qq --no-install-recommends " + " ".join(packages)
                run(Image(root, environment={"DEBIAN_FRONTEND": "noninteractive"}), f"apt-get update -qq && {install}")
                like_this_machine(root)  # where the packages brought certificates of their own
            (root / "made").touch()
        return root

    def build(self) -> dict[str, Image]:
        """Make all stages; return them by their names, the last one under ``""``."""
        image, name, anonymous = None, "", 0
        for instruction, words in instructions((ROOT / "Dockerfile").read_text()):
            if instruction == "FROM":
                source, _, name = words.partition(" AS ")
                root = self.folder / f"stage-{name or 'last'}"
                is_python = source.startswith("python:3.11")
                assert is_python or source == f"debian:{DEBIAN}-slim", source
                shutil.rmtree(root, ignore_errors=True)
                copy(self.debian_with("python", ["python3.11-venv", "make"]) if is_python else self.base(), root)
                image = self.images[name] = Image(root)
                anonymous += not name
                continue
            assert image is not None, "the first instruction is FROM"
            self.follow(image, instruction, words)
        assert anonymous == 1
        return self.images

    def follow(self, image: Image, instruction: str, words: str) -> None:
        """Do what one instruction says.

        :raises ValueError: it is none that Dockerfile has had so far.
        """
        if instruction == "RUN":
            run(image, words)
        elif instruction == "WORKDIR":
            image.workdir = words
            (image.root / words.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY":
            self.copy_into(image, words.split())
        elif instruction == "ENV":
            name, _, value = words.partition("=")
            image.environment[name] = value
        elif instruction == "USER":
            image.user = words
        elif instruction == "VOLUME":
            image.volumes.append(words)
        elif instruction == "STOPSIGNAL":
            image.stop_signal = words
        elif instruction == "ENTRYPOINT":
            image.entrypoint = json.loads(words)
        elif instruction == "CMD":
            image.command = json.loads(words)
        elif instruction == "HEALTHCHECK":
            image.healthcheck = json.loads(words[words.index("CMD") + 3 :])
        elif instruction != "EXPOSE":
            raise ValueError(f"{instruction} {words}")

    def copy_into(self, image: Image, words: list[str]) -> None:
        stage = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), None)
        *sources, target = (word for word in words if not word.startswith("--"))
        to = image.root / os.path.join(image.workdir, target).lstrip("/")
        for source in sources:
            whence = self.images[stage].root / source.lstrip("/") if stage else ROOT / source
            if whence.is_dir():
                # Relative links, of Python in .venv for one, stay what they are.
                shutil.copytree(whence, to, symlinks=True, dirs_exist_ok=True, ignore=None if stage else ignored)
            else:
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(whence, to)


def ignored(folder: str, names: list[str]) -> set[str]:
    """Return which of these .dockerignore leaves out, as shutil.copytree asks."""
    patterns = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines() if line.strip()]
    within = Path(folder).relative_to(ROOT)
    return {
        name
        for name in names
        for pattern in patterns
        if fnmatch(str(within / name), pattern) or (pattern.startswith("**/") and fnmatch(name, pattern[3:]))
    }


def mirror() -> list[str]:
    """Return where apt gets Debian from, as debootstrap takes it; nothing for its own choice."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format=$(REPO_URI)"], capture_output=True, text=True, check=True
    )
    return [uri for uri in listed.stdout.split() if uri.rstrip("/").endswith("/debian")][:1]


def like_this_machine(root: Path) -> None:
    """Let programs in there reach what this machine reaches: names, certificates, apt's own settings."""
    for name in ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt", "etc/pip.conf"):
        if Path("/", name).exists():
            shutil.copy(Path("/", name), root / name)
    for file in Path("/etc/apt/apt.conf.d").glob("*"):
        shutil.copy(file, root / "etc/apt/apt.conf.d" / file.name)


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--archive", "--reflink=auto", source, target], check=True)


def run(image: Image, line: str) -> None:
    """Run a line as RUN does, as root, with the network of this machine.

    :raises AssertionError: it failed; with what it said.
    """
    environment = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    done = subprocess.run(
        inside(image, ["/bin/sh", "-c", line], user=image.user, read_only=False),
        env={**environment, **image.environment, "PATH": PATH, "HOME": "/root"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


# What is mounted is gone with the process: it has these mounts, and process ids, of its own.
SETUP = """
set -e
root=$1 workdir=$2 user=$3 read_only=$4 tmpfs=$5 volumes=$6; shift 6
mount --bind "$root" "$root"
cd "$root"
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm 2>/dev/null || true
for each in $tmpfs; do mkdir -p ".$each"; mount -t tmpfs -o mode=1777 tmpfs ".$each"; done
for each in $volumes; do mkdir -p ".${each#*:}"; mount --bind "${each%%:*}" ".${each#*:}"; done
test "$read_only" = no || mount -o remount,bind,ro "$root"
mount -t proc proc proc
as="--reuid=$user --regid=$user --init-groups --no-new-privs --bounding-set=-all"
case $user in root|0) as= ;; esac
exec chroot . /usr/bin/setpriv $as sh -c 'cd "$1"; shift; exec "$@"' sh "$workdir" "$@"
"""


def inside(
    image: Image,
    command: Sequence[str],
    *,
    user: str,
    read_only: bool,
    tmpfs: Sequence[str] = (),
    volumes: Sequence[str] = (),
) -> list[str]:
    """Return a command that runs another one in there, as the first process of its own.

    :param volumes: ``FOLDER:WHERE``; written to even where all else is read-only.
    """
    for each in (*tmpfs, *(volume.partition(":")[2] for volume in volumes)):
        (image.root / each.lstrip("/")).mkdir(parents=True, exist_ok=True)
    return [
        *("unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "/bin/sh", "-c", SETUP, "setup"),
        *(str(image.root), image.workdir, user, "yes" if read_only else "no", " ".join(tmpfs), " ".join(volumes)),
        *command,
    ]
