"""What a command in the image is given: options, variables, mounts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from launcher import inside, mounts, session
from launcher.main import Options, native_variables, parse
from launcher.recipe import CHECKOUT, CONTAINERS, LauncherError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The skeleton of an image."""
    for name in ("usr/bin", "etc/ssl/certs", "var/lib/dpkg", "opt", "home"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("etc/resolv.conf", "etc/hosts", "etc/hostname", "etc/ssl/certs/ca-certificates.crt"):
        (tmp_path / name).touch()
    (tmp_path / "bin").symlink_to("usr/bin")
    return tmp_path


def test_options_end_at_the_command() -> None:
    assert parse(["--next", "python3", "--rebuild"]) == Options(("python3", "--rebuild"), next=True)
    assert parse(["--native", "--", "--odd"]) == Options(("--odd",), native=True)
    assert parse(["--build"]) == Options((), build=True)


@pytest.mark.parametrize("words", [[], ["--next"], ["--nonsense", "true"], ["-x"]])
def test_a_wrong_command_line_is_one_message(words: list[str]) -> None:
    with pytest.raises(LauncherError, match="--help"):
        parse(words)


def test_the_program_itself_reports_and_exits_125() -> None:
    # -E -s: as under -I, whatever the tests' own environment
    command = [sys.executable, "-I", "-S", "-B", str(CONTAINERS / "launcher/__main__.py"), "--nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr == "containers/run: unknown option --nonsense; containers/run --help\n"


def test_inside_the_image_a_command_runs_as_it_is() -> None:
    environment = {**os.environ, "SSBFEM_IMAGE": "trial"}
    command = [str(CONTAINERS / "run"), "sh", "-c", "echo $SSBFEM_IMAGE; exit 9"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stdout) == (9, "trial\n")


def test_native_keeps_the_environment_and_adds_the_checkout() -> None:
    found = native_variables({"PATH": "/usr/bin", "PYTHONPATH": "/mine", "LD_LIBRARY_PATH": "/lib/mine"})
    assert found == {
        "PATH": f"{CHECKOUT}/containers/bin:/usr/bin",
        "PYTHONPATH": f"{CHECKOUT}{os.pathsep}/mine",
        "LD_LIBRARY_PATH": "/lib/mine",
    }


def test_variables_that_break_are_left_out_and_the_callers_win_over_defaults() -> None:
    caller = {
        "PATH": "/host/bin",
        "PYTHONHOME": "/host",
        "LD_LIBRARY_PATH": "/host/lib",
        "CONDA_PREFIX": "/conda",
        "CC": "clang",
        "OMP_NUM_THREADS": "4",
        "MINE": "x",
        "SSL_CERT_FILE": "/host/ca.pem",
    }
    found = inside.variables(caller, checkout="/src", image="trixie-1", home="/home/me")
    assert not {"PYTHONHOME", "LD_LIBRARY_PATH", "CONDA_PREFIX", "CC"} & set(found)
    assert found["MINE"] == "x"
    assert found["OMP_NUM_THREADS"] == "4"
    assert found["OMPI_ALLOW_RUN_AS_ROOT"] == "1"
    assert found["PATH"].startswith("/src/containers/bin:/usr/lib/ssbfem/bin:")
    assert found["PYTHONPATH"] == "/src"
    assert found["SSL_CERT_FILE"] == mounts.CERTIFICATES
    assert found["HOME"] == "/home/me"
    assert found["SSBFEM_IMAGE"] == "trixie-1"
    assert inside.variables({}, checkout="/src", image="i")["OMP_NUM_THREADS"] == "1"
    for suite, name in (("trixie", "PRTE_MCA_rmaps_default_mapping_policy"), ("sid", "PRTE_MCA_mapby")):
        found = inside.variables({}, checkout="/src", image=f"{suite}-0123")
        assert {key for key in found if key.startswith("PRTE_")} == {name}


def binds(plan: list[mounts.Mount]) -> dict[str, str]:
    """Target -> source of the folders that are the host's."""
    return {item.target: item.source for item in plan if item.kind == "bind"}


def test_the_image_is_read_only_except_for_a_build(root: Path) -> None:
    for writable in (False, True):
        plan = mounts.image_mounts(root, writable=writable)
        assert plan[0] == mounts.Mount("tmpfs", "/")
        assert mounts.Mount("link", "/bin", "usr/bin") in plan
        assert {item.target: item.read_only for item in plan}["/usr"] is not writable


def test_folders_of_the_user_are_seen_those_of_the_system_are_not(root: Path) -> None:
    folders = {"home": None, "data": None, "usr": None, "etc": None, "lib": "usr/lib", "scratch": "/data/s"}
    plan = mounts.user_mounts(folders, ["/home/me/ssbfem", "/data/runs"], root)
    assert binds(plan) == {"/home": "/home", "/data": "/data"}
    assert mounts.Mount("link", "/scratch", "/data/s") in plan


def test_a_checkout_below_var_or_root_is_seen_too(root: Path) -> None:
    needed = ["/var/lib/ci/work", "/var/lib/ci/work/sub", "/root/x", "/usr/local/src/s", "/tmp/y", "/"]
    plan = mounts.user_mounts({"home": None}, needed, root)
    assert set(binds(plan)) == {"/home", "/var/lib/ci/work", "/root/x", "/usr/local/src/s"}


def test_a_folder_of_the_image_is_the_images(root: Path) -> None:
    assert binds(mounts.user_mounts({}, ["/usr/bin", "/etc"], root)) == {}
    with pytest.raises(LauncherError, match="/etc/project lies in a folder of the operating system"):
        mounts.user_mounts({}, ["/etc/project"], root)


def test_network_files_of_the_host_cover_those_of_the_image(root: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("x")
    found = binds(mounts.network_mounts(root, str(bundle)))
    assert found[mounts.CERTIFICATES] == str(bundle)
    (root / "etc/hosts").unlink()
    assert "/etc/hosts" not in binds(mounts.network_mounts(root, str(bundle)))


def test_sudo_runs_the_command_as_the_user_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "getgid", lambda: 0)
    behind = session.caller({"SUDO_UID": "54321", "SUDO_GID": "54322", "HOME": "/root"})
    assert (behind.uid, behind.gid, behind.behind_sudo) == (54321, 54322, True)
    assert not session.caller({"SUDO_UID": "0", "SUDO_GID": "0", "HOME": "/root"}).behind_sudo
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert not session.caller({"SUDO_UID": "54321", "SUDO_GID": "54322"}).behind_sudo
