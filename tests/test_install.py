"""`requirements/*.sh` on machines other than this one: a folder of stand-ins is all of their PATH."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REAL = ("sh", "cat", "chmod", "cp", "cut", "dirname", "env", "flock", "mkdir", "printenv", "rm", "sed", "sha256sum")

# A Python that knows its version, makes environments of itself, and has venv and headers unless the machine lacks them.
PYTHON = """
case "$1 $2" in
  "-ISc import"*) echo {version} ;;
  "-ISc ") exit 0 ;;
  "-m venv")
    mkdir -p $3/bin && cp {bin}/{name} $3/bin/python && cp {bin}/tool $3/bin/pip && cp {bin}/tool $3/bin/uv
    echo "venv $3" >>{log} ;;
  *) exit {lacks} ;;
esac
"""
# pip and uv: log their arguments, and fail on demand.
TOOL = 'echo "${{0##*/}} $*" >>{log}; case "$*" in *config*) exit 1 ;; *"${{FAIL:-nothing}}"*) exit 1 ;; esac'


class Machine:
    """A project folder and a PATH; what is installed is logged."""

    def __init__(self, folder: Path, libc: str = "glibc 2.36", system: str = "Linux x86_64", user: int = 0):
        self.bin, self.project, self.log = folder / "bin", folder / "project", folder / "log"
        self.bin.mkdir()
        self.log.touch()
        shutil.copytree(ROOT / "requirements", self.project / "requirements")
        for name in ("setup.py", "pyproject.toml"):
            shutil.copy(ROOT / name, self.project)
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        self.has("uname", f"echo {system}")
        self.has("getconf", f"echo {libc}" if libc else "exit 1")
        self.has("id", f"echo {user}")
        self.has("tool", TOOL.format(log=self.log))

    def has(self, name: str, script: str) -> Machine:
        (self.bin / name).write_text(f"#!{self.bin}/sh\n{script}\n")
        (self.bin / name).chmod(0o755)
        return self

    def has_python(self, name: str, version: str, lacks: bool = False) -> Machine:
        return self.has(name, PYTHON.format(version=version, bin=self.bin, name=name, log=self.log, lacks=int(lacks)))

    def has_apt(self, *known: str) -> Machine:
        """Write an apt-get that logs and provides the compiler, and an apt-cache that knows `known`."""
        install = f'echo "apt-get $*" >>{self.log}; cp {self.bin}/tool {self.bin}/g++; {self.bin}/gives'
        self.has("gives", "exit 0").has("apt-get", f'case "$*" in *install*) {install} ;; esac')
        return self.has("apt-cache", f'case " {" ".join(known)} " in *" $2 "*) ;; *) exit 1 ;; esac')

    def setup(self, script: str = "install.sh", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.project / "requirements" / script],
            env={"PATH": str(self.bin), **environment}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def installed(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if " config " not in line]


@pytest.fixture
def machine(tmp_path):
    return lambda **facts: Machine(tmp_path, **facts)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"system": "Darwin arm64"}, "this machine is Darwin arm64"),
        ({"system": "Linux aarch64"}, "this machine is Linux aarch64"),
        ({"libc": ""}, "this machine has no glibc"),
        ({"libc": "glibc 2.31"}, "this machine has glibc 2.31"),
    ],
    ids=["macos", "arm", "musl", "debian_11"],
)
def test_where_no_lock_fits_one_sentence_says_what_was_found_and_what_fits(machine, facts, found):
    done = machine(**facts).setup()
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"tfx-ocr: {found}; TFX runs on Linux x86_64 with glibc 2.35 to 2.38 and Python 3.11 "
    )
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("libc", "python", "lock"),
    [
        ("glibc 2.35", "3.11", "py311"),
        ("glibc 2.36", "3.11", "py311"),
        ("glibc 2.38", "3.11", "py311"),
        ("glibc 2.39", "3.12", "py312"),
        ("glibc 2.41", "3.13", "py312"),
    ],
)
def test_glibc_chooses_the_lock(machine, libc, python, lock):
    here = machine(libc=libc).has_python("python3", python).has("g++", "exit 0")
    done = here.setup()
    assert done.returncode == 0, done.stderr
    assert here.installed() == [
        "venv .venv",
        "pip install -q --disable-pip-version-check --require-hashes -r requirements/installer.txt",
        f"uv pip sync -q --compile-bytecode --require-hashes --no-build-isolation requirements/{lock}.txt",
        "uv pip install -q --no-deps --no-build-isolation --editable .",
    ]


def test_a_fitting_python_is_found_under_its_own_name(machine):
    here = machine().has_python("python3", "3.10").has_python("python3.11", "3.11").has("g++", "exit 0")
    assert "Making .venv with Python 3.11" in here.setup().stdout


def test_root_gets_the_missing_debian_packages(machine):
    here = machine(libc="glibc 2.41").has_apt("python3.13-venv")
    here.has("gives", f"cp {here.bin}/later {here.bin}/python3.13").has_python("later", "3.13")
    done = here.setup()
    assert done.returncode == 0, done.stderr
    assert here.installed()[0] == (
        "apt-get install -y -qq --no-install-recommends g++ python3.13 python3.13-venv python3.13-dev"
    )


def test_without_root_the_missing_packages_are_named(machine):
    done = machine(user=1000).has_apt().has_python("python3", "3.11", lacks=True).setup()
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "tfx-ocr: please run: apt-get install g++ python3.11-venv python3.11-dev",
    )


def test_without_apt_what_is_missing_is_named(machine):
    done = machine().has_python("python3", "3.10").setup()
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "tfx-ocr: please install: g++ Python 3.11 with its venv module and headers (found: glibc 2.36, Python 3.10).",
    )


def test_a_python_that_debian_does_not_have_is_refused(machine):
    done = machine(libc="glibc 2.43").has_apt().has_python("python3", "3.14").setup()
    assert done.returncode == 1
    assert (
        "glibc 2.43 but apt-get knows no Python 3.13 or 3.12 with its venv module and headers; TFX runs" in done.stderr
    )
    assert "Python 3.12 or 3.13 (Debian 13" in done.stderr


def ready(machine) -> Machine:
    return machine().has_python("python3", "3.11").has("g++", "exit 0")


def test_a_second_setup_does_nothing_and_says_nothing(machine):
    here = ready(machine)
    here.setup()
    here.log.write_text("")
    done = here.setup()
    assert (done.returncode, done.stdout, done.stderr, here.installed()) == (0, "", "", [])


def test_what_was_interrupted_is_made_anew(machine):
    here = ready(machine)
    assert here.setup(FAIL="--editable").returncode == 1
    (here.project / ".venv/half").touch()
    assert here.setup().returncode == 0
    assert here.installed().count("venv .venv") == 2
    assert not (here.project / ".venv/half").exists()


def test_a_changed_lock_is_installed_into_the_same_environment(machine):
    here = ready(machine)
    here.setup()
    with (here.project / "requirements/py311.txt").open("a") as lock:
        lock.write("# changed\n")
    assert "The lock has changed" in here.setup().stdout
    assert here.installed().count("venv .venv") == 1
    assert sum("pip sync" in line for line in here.installed()) == 2


def test_a_moved_project_gets_a_new_environment(machine, tmp_path):
    here = ready(machine)
    here.setup()
    here.project = here.project.rename(tmp_path / "moved")
    here.setup()
    assert here.installed().count("venv .venv") == 2


def test_what_the_user_told_pip_holds_for_uv(machine):
    here = ready(machine)
    answers = f'*index-url) echo myindex ;; *config*) exit 1 ;; *sync*) echo "index: $UV_DEFAULT_INDEX" >>{here.log} ;;'
    here.has("tool", f'case "$*" in {answers} esac')
    here.setup()
    assert "index: myindex" in here.installed()


PROGRAMS = ("chromium", "mariadb-install-db", "mariadb", "pg_createcluster", "prometheus")


def test_programs_of_tests_are_installed_one_by_one_and_no_server_is_left_running(machine):
    here = machine().has_apt().has("mariadb", "exit 0")
    for name in ("update-rc.d", "service"):
        here.has(name, f'echo "{name} $*" >>{here.log}')
    here.has("gives", f'case "$(tail -1 {here.log})" in *chromium) exit 1 ;; esac')
    (here.bin / "tail").symlink_to(shutil.which("tail"))
    done = here.setup("programs.sh")
    assert (done.returncode, done.stdout) == (
        0, "Installing Debian packages for tests: chromium mariadb-server-core postgresql prometheus\n",
    )  # fmt: skip
    assert done.stderr == (
        "tfx-ocr: apt-get cannot install chromium; the tests that need what is missing skip, or fail under CI\n"
    )
    install = "apt-get install -y -qq --no-install-recommends"
    assert here.installed() == [
        *(f"{install} {package}" for package in ("chromium", "mariadb-server-core", "postgresql", "prometheus")),
        "update-rc.d postgresql disable",
        "service postgresql stop",
        "update-rc.d prometheus disable",
        "service prometheus stop",
    ]


def test_programs_of_tests_that_are_there_are_left_alone(machine):
    here = machine().has_apt()
    for name in PROGRAMS:
        here.has(name, "exit 0")
    done = here.setup("programs.sh")
    assert (done.returncode, done.stdout, done.stderr, here.installed()) == (0, "", "", [])


@pytest.mark.parametrize(
    ("has_apt", "user", "said"),
    [(False, 0, "please install, by names as Debian's: "), (True, 1000, "please run: apt-get install ")],
    ids=["no_apt", "no_root"],
)
def test_where_programs_of_tests_cannot_be_installed_one_sentence_says_so(machine, has_apt, user, said):
    here = machine(user=user).has("sudo", "exit 1")
    if has_apt:
        here.has_apt()
    done = here.setup("programs.sh")
    packages = "chromium mariadb-server-core mariadb-client-core postgresql prometheus"
    assert (done.returncode, done.stdout, here.installed()) == (0, "", [])
    assert done.stderr == (f"tfx-ocr: {said}{packages}; the tests that need what is missing skip, or fail under CI\n")


def test_a_test_without_its_program_fails_under_ci_and_skips_elsewhere(find_program, monkeypatch):
    assert find_program("sh", "dash") == shutil.which("sh")
    missing = "^no_program is missing: install Debian's package nothing, as `make test` does where it may$"
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=missing):
        find_program("no_program", "nothing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=missing):
        find_program("no_program", "nothing")
