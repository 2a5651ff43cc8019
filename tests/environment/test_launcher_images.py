"""Images in the cache: names, locks, half-built and old ones; small stages stand in for those of a build."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from launcher import build, images, stages
from launcher.recipe import CONTAINERS, NEXT, STABLE, LauncherError, Recipe, cache_folder, list_lines


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """A recipe whose files can be changed."""
    folder = tmp_path / "containers"
    (folder / "launcher").mkdir(parents=True)
    made = Recipe("trial", "trixie", "a trial", folder)
    for path in made.files:
        path.write_text(f"{path.name}\n")
    return made


@pytest.fixture
def quick_build(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | None], None]:
    """Replace the stages: a root with one file, no Debian; called with an exception, the wheels raise it."""
    failure: list[BaseException | None] = [None]

    def debian(recipe: Recipe, root: Path, *_: object) -> str:
        (root / "etc").mkdir(parents=True)
        (root / "etc/recipe").write_text(recipe.digest())
        return "http://mirror.example.org/debian"

    def wheels(*_: object) -> None:
        if failure[0] is not None:
            raise failure[0]

    def check(part: images.Image, _: object) -> int:
        (part.folder / "in-use").touch()
        (part.folder / "cache").mkdir()
        return 1

    monkeypatch.setattr(stages, "debian", debian)
    monkeypatch.setattr(stages, "finish", lambda *_: None)
    monkeypatch.setattr(stages, "wheels", wheels)
    monkeypatch.setattr(stages, "install_host_tools", lambda *_: None)
    monkeypatch.setattr(build, "_check", check)
    monkeypatch.setattr(build.session, "plan", lambda *_, **__: [])
    return lambda error: failure.__setitem__(0, error)


def entries(cache: Path) -> list[str]:
    """Folders beside the images."""
    return sorted(path.name for path in (cache / "images").iterdir() if path.is_dir())


def test_digest_follows_every_recipe_file(recipe: Recipe) -> None:
    seen = {recipe.digest()}
    for path in recipe.files:
        path.write_text(path.read_text() + "more\n")
        seen.add(recipe.digest())
        # also where neither the length nor the time of the file tells
        path.write_text(path.read_text().replace("more", "less"))
        seen.add(recipe.digest())
    assert len(seen) == 1 + 2 * len(recipe.files)
    assert recipe.digest() in seen
    assert Recipe("other", "trixie", "", recipe.folder).digest() not in seen


def test_recipes_of_the_checkout_are_complete() -> None:
    for known in (STABLE, NEXT):
        assert len(known.digest()) == 12
        assert "python3-dolfinx" in known.packages()
        assert "libopenblas0-pthread" in known.packages()
        locked = list_lines(known.lock_file)
        assert all(line.count("==") == 1 for line in locked)
        names = {line.split("==")[0].lower().replace("_", "-") for line in locked}
        wanted = {name.lower().replace("_", "-") for name in list_lines(CONTAINERS / "requirements.in")}
        assert wanted <= names
        assert not names & {"numpy", "scipy", "mpi4py", "petsc4py"}, "the solver stack is Debian's"


def test_cache_folder_by_priority() -> None:
    assert cache_folder({"SSBFEM_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/h"}) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/b", "HOME": "/h"}) == Path("/b/ssbfem")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/ssbfem")


def test_build_appears_complete_and_is_not_repeated(recipe: Recipe, tmp_path: Path, quick_build: object) -> None:
    image = build.build(recipe, tmp_path)
    assert entries(tmp_path) == [image.label]
    assert image.complete()
    assert image.description()["mirror"] == "http://mirror.example.org/debian"
    first = (image.folder / images.FORMAT).stat().st_mtime_ns
    assert build.build(recipe, tmp_path) == image
    assert (image.folder / images.FORMAT).stat().st_mtime_ns == first
    build.build(recipe, tmp_path, again=True)
    assert (image.folder / images.FORMAT).stat().st_mtime_ns > first
    assert entries(tmp_path) == [image.label]


@pytest.mark.parametrize("error", [LauncherError("no network"), KeyboardInterrupt(), SystemExit(143)])
def test_a_failed_build_leaves_nothing(
    recipe: Recipe,
    tmp_path: Path,
    quick_build: Callable[[BaseException | None], None],
    error: BaseException,
) -> None:
    quick_build(error)
    with pytest.raises(type(error)):
        build.build(recipe, tmp_path)
    assert entries(tmp_path) == []
    quick_build(None)
    assert build.build(recipe, tmp_path).complete()


def test_a_failed_rebuild_keeps_the_image(
    recipe: Recipe, tmp_path: Path, quick_build: Callable[[BaseException | None], None]
) -> None:
    image = build.build(recipe, tmp_path)
    quick_build(LauncherError("no network"))
    with pytest.raises(LauncherError, match="no network"):
        build.build(recipe, tmp_path, again=True)
    assert image.complete()


def test_what_a_killed_build_left_is_not_used_and_removed(recipe: Recipe, tmp_path: Path, quick_build: object) -> None:
    image = images.image_of(recipe, tmp_path)
    part = tmp_path / "images" / f"{image.label}.123.part"
    (part / "root/usr").mkdir(parents=True)
    (part / "root/usr/file").touch()
    (part / "root/usr").chmod(0o555)
    assert not image.hold()
    # a folder of the right name without its description is none either
    image.folder.mkdir()
    assert not image.hold()
    (image.folder / "in-use").touch()
    assert not image.hold()
    build.build(recipe, tmp_path)
    assert entries(tmp_path) == [image.label]
    assert image.hold()


def test_change_of_a_recipe_file_builds_anew_and_removes_the_old(
    recipe: Recipe, tmp_path: Path, quick_build: object
) -> None:
    old = build.build(recipe, tmp_path)
    recipe.package_file.write_text("python3-dolfinx\n")
    new = images.image_of(recipe, tmp_path)
    assert new != old
    assert not new.hold()
    build.build(recipe, tmp_path)
    assert entries(tmp_path) == [new.label]


def test_an_old_image_in_use_stays_until_a_later_build(recipe: Recipe, tmp_path: Path, quick_build: object) -> None:
    old = build.build(recipe, tmp_path)
    code = f"import fcntl, os; h = os.open({str(old.folder / 'in-use')!r}, 0); fcntl.flock(h, fcntl.LOCK_SH)"
    code += "; print('held', flush=True); input()"
    user = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert user.stdout is not None
    assert user.stdout.readline() == b"held\n"
    try:
        recipe.package_file.write_text("one\n")
        second = build.build(recipe, tmp_path)
        assert entries(tmp_path) == sorted([old.label, second.label])
        assert (old.root / "etc/recipe").exists()
        # built again while it is used: the user keeps what it sees, the name leads to the new one
        recipe.package_file.write_text(STABLE.package_file.name)
        recipe.package_file.write_text("packages-trixie.txt\n")
        assert images.image_of(recipe, tmp_path) == old
        build.build(recipe, tmp_path, again=True)
        assert len(entries(tmp_path)) == 2
    finally:
        user.communicate(b"\n", timeout=10)
    recipe.package_file.write_text("two\n")
    third = build.build(recipe, tmp_path)
    assert entries(tmp_path) == [third.label]


def test_holding_survives_exec(recipe: Recipe, tmp_path: Path, quick_build: object) -> None:
    image = build.build(recipe, tmp_path)
    code = (
        "import sys, os, pathlib; sys.path.insert(0, sys.argv[1]); from launcher import images\n"
        "assert images.Image(pathlib.Path(sys.argv[2])).hold()\n"
        "os.execvp('sh', ['sh', '-c', 'echo held; read line'])\n"
    )
    command = [sys.executable, "-c", code, str(CONTAINERS), str(image.folder)]
    user = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert user.stdout is not None
    assert user.stdout.readline() == b"held\n"
    try:
        assert not images.retire(image.folder)
        assert image.complete()
    finally:
        user.communicate(b"\n", timeout=10)
    assert images.retire(image.folder)
    assert entries(tmp_path) == []


TWO_CALLS = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from launcher import build, images, stages
from launcher.recipe import Recipe
cache = Path(sys.argv[3])
def debian(recipe, root, *_):
    with open(cache / "builds", "a") as file:
        file.write("x")
    time.sleep(0.5)
    root.mkdir()
    return "mirror"
stages.debian = debian
stages.finish = stages.wheels = stages.install_host_tools = lambda *_: None
build._check = lambda part, _: (part.folder / "in-use").touch() or 1
build.session.plan = lambda *_, **__: []
assert build.build(Recipe("trial", "trixie", "", Path(sys.argv[2])), cache).complete()
"""


def test_two_first_calls_build_once(recipe: Recipe, tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO_CALLS, str(CONTAINERS), str(recipe.folder), str(tmp_path)]
    calls = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    messages = [call.communicate(timeout=60)[1] for call in calls]
    assert [call.returncode for call in calls] == [0, 0], messages
    assert (tmp_path / "builds").read_text() == "x"
    assert sum("another call builds" in message for message in messages) == 1


def test_lock_lives_as_long_as_a_child_of_a_killed_build(tmp_path: Path) -> None:
    with images.build_lock("trial", tmp_path, "") as handle:
        child = subprocess.Popen(["sleep", "30"], pass_fds=(handle,))
    other = os.open(tmp_path / "trial.lock", os.O_RDWR)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child.kill()
        child.wait()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        child.kill()
        os.close(other)


def test_a_cache_folder_that_cannot_be_made_is_one_message(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LauncherError, match="cannot be built in"):
        build.build(recipe, tmp_path / "file")


def test_a_missing_recipe_file_is_one_message(recipe: Recipe) -> None:
    recipe.lock_file.unlink()
    with pytest.raises(LauncherError, match=r"requirements-trixie\.lock cannot be read"):
        recipe.digest()


def test_times_are_recorded(recipe: Recipe, tmp_path: Path, quick_build: object) -> None:
    image = build.build(recipe, tmp_path)
    seconds = json.loads((image.folder / images.FORMAT).read_text())["seconds"]
    assert set(seconds) >= {"debian", "wheels", "check", "total"}


def running(group: int) -> bool:
    """Whether a process of this group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def assert_ends(group: int) -> None:
    """Wait for the last process of a group: who collects it decides when it is gone."""
    deadline = time.monotonic() + 30
    while running(group):
        assert time.monotonic() < deadline, "a command outlived its build"
        time.sleep(0.05)


def test_watchdog_ends_what_a_killed_build_started(tmp_path: Path) -> None:
    # the shell ignores the polite signal for itself, as a package manager does, and has a child
    script = f"trap '' TERM; sleep 60 & echo > {tmp_path}/ready; wait; sleep 60"
    victim = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from launcher import watchdog\n"
        "watchdog.end_group(int(sys.stdin.readline()), 0.5)\n"
    )
    dog = subprocess.Popen([sys.executable, "-c", code, str(CONTAINERS)], stdin=subprocess.PIPE, text=True)
    dog.communicate(f"{victim.pid}\n", timeout=30)
    assert victim.wait(timeout=10) == -signal.SIGKILL
    assert_ends(victim.pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_build_ends_its_commands(tmp_path: Path, number: signal.Signals) -> None:
    code = """
import sys, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job starts with it ignored
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from launcher import build, images, namespace, stages
from launcher.recipe import Recipe
namespace.unshare = lambda: None
folder = Path(sys.argv[2])
def debian(recipe, root, run, _):
    run(["sh", "-c", f"sleep 60 & echo $$ > {folder}/group; mv {folder}/group {folder}/ready; wait"], os.environ)
stages.debian = debian
stages.install_host_tools = lambda *_: None
recipe = Recipe("trial", "trixie", "", folder)
Recipe.files = ()
try:
    build.build(recipe, folder)
except KeyboardInterrupt:
    sys.exit(130)
"""
    process = subprocess.Popen([sys.executable, "-c", code, str(CONTAINERS), str(tmp_path)], stderr=subprocess.DEVNULL)
    while not (tmp_path / "ready").exists():
        assert process.poll() is None
        time.sleep(0.02)
    group = int((tmp_path / "ready").read_text())
    assert running(group)
    process.send_signal(number)
    assert process.wait(timeout=30) == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert_ends(group)
    left = entries(tmp_path)
    assert len(left) == (1 if number == signal.SIGKILL else 0)
    assert all(name.endswith(".part") for name in left)
