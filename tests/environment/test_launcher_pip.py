"""The host's pip settings, as far as they hold in the image."""

from pathlib import Path

from launcher import pip


def test_variables_win_over_files_and_install_over_global(tmp_path: Path) -> None:
    weak, strong = tmp_path / "weak.conf", tmp_path / "strong.conf"
    weak.write_text("[global]\nindex-url = https://one.example.org/simple\nproxy = http://p:1\ntimeout = 5\n")
    strong.write_text("[global]\nindex_url = https://two.example.org/simple\n[install]\ntimeout = 7\n[list]\nx = 1\n")
    found = pip.settings([weak, strong, tmp_path / "missing"], {"PIP_PROXY": "http://p:2", "PIP_CERT": "/c.pem"})
    assert found == {
        "index-url": "https://two.example.org/simple",
        "timeout": "7",
        "proxy": "http://p:2",
        "cert": "/c.pem",
    }


def test_a_broken_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("no section\n")
    assert pip.settings([tmp_path / "pip.conf"], {}) == {}


def test_percent_signs_of_passwords_survive(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://u:p%40ss@inner.example.org/simple\n")
    found = pip.settings([tmp_path / "pip.conf"], {})
    assert pip.variables(found)[0]["PIP_INDEX_URL"] == "https://u:p%40ss@inner.example.org/simple"


def test_local_folders_are_kept_only_where_they_exist(tmp_path: Path) -> None:
    here, url = tmp_path / "wheels", (tmp_path / "simple").as_uri()
    here.mkdir()
    found = {
        "find-links": f"{here} /nowhere/wheels https://links.example.org/",
        "extra-index-url": f"{url} https://more.example.org/simple\nfile:///nowhere/simple",
    }
    environment, folders = pip.variables(found)
    assert environment["PIP_FIND_LINKS"] == f"{here} https://links.example.org/"
    assert environment["PIP_EXTRA_INDEX_URL"] == "https://more.example.org/simple"
    assert folders == [str(here)]
    (tmp_path / "simple").mkdir()
    environment, folders = pip.variables(found)
    assert environment["PIP_EXTRA_INDEX_URL"] == f"{url} https://more.example.org/simple"
    assert folders == [str(tmp_path / "simple"), str(here)]


def test_only_settings_about_the_network_are_carried() -> None:
    environment, _ = pip.variables({"target": "/x", "user": "true", "trusted-host": "a\nb", "proxy": "http://p"})
    carried = {name for name in environment if name in ("PIP_TARGET", "PIP_USER", "PIP_FIND_LINKS", "PIP_INDEX_URL")}
    assert not carried
    assert environment["PIP_TRUSTED_HOST"] == "a b"
    assert environment["PIP_PROXY"] == "http://p"
    assert environment["PIP_CONFIG_FILE"] == "/dev/null"


def test_no_file_is_read_where_the_host_says_so() -> None:
    assert pip.config_files({"PIP_CONFIG_FILE": "/dev/null", "HOME": "/root"}) == []
    assert pip.config_files({"PIP_CONFIG_FILE": "/x.conf", "HOME": "/h"})[-2:] == [
        Path("/h/.config/pip/pip.conf"),
        Path("/x.conf"),
    ]


def test_bundle_of_certificates_is_the_first_that_exists(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    assert pip.certificates({"cert": str(bundle)}, {"SSL_CERT_FILE": "/nowhere"}) == str(bundle)
    assert pip.certificates({"cert": "/nowhere"}, {"REQUESTS_CA_BUNDLE": str(bundle)}) == str(bundle)
