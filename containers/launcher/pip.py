"""The host's pip settings, as far as they hold inside the image."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

# settings that say where packages come from and how; all others are the host's own affair
_NETWORK = (
    "index-url",
    "extra-index-url",
    "trusted-host",
    "proxy",
    "client-cert",
    "timeout",
    "retries",
    "no-index",
)
_LOCATIONS = ("index-url", "extra-index-url", "find-links")
_ALIASES = {"default-timeout": "timeout"}


def config_files(environment: Mapping[str, str]) -> list[Path]:
    """Files that pip reads on the host, weakest first."""
    override = environment.get("PIP_CONFIG_FILE")
    if override == os.devnull:
        return []
    home = Path(environment.get("HOME", "/root"))
    xdg = [Path(part) / "pip/pip.conf" for part in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":") if part]
    user = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [*xdg, Path("/etc/pip.conf"), home / ".pip/pip.conf", user / "pip/pip.conf"]
    return [*files, Path(override)] if override else files


def settings(files: Sequence[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """Settings for ``pip install``: files first, sections global and install, then ``PIP_*`` variables."""
    found: dict[str, str] = {}
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    for name, value in environment.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return {_ALIASES.get(name, name): value for name, value in found.items()}


def local_path(location: str) -> str | None:
    """Path of a location on this machine, None for one on the network."""
    if location.startswith("file:"):
        return unquote(urlsplit(location).path)
    return location if "://" not in location else None


def variables(found: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Environment of pip inside the image, and folders of the host that it needs to see.

    Local folders of packages are kept where they exist (mount them at their own path) and dropped where they
    do not: pip would only warn about them.
    """
    environment = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_PROGRESS_BAR": "off",
    }
    folders: list[str] = []
    for name in (*_NETWORK, "find-links"):
        value = found.get(name, "")
        if name in _LOCATIONS:
            kept = []
            for location in value.split():
                path = local_path(location)
                if path is None or os.path.exists(path):
                    kept.append(location)
                if path is not None and os.path.exists(path):
                    folders.append(os.path.abspath(path))
            value = " ".join(kept)
        if value:
            environment["PIP_" + name.upper().replace("-", "_")] = " ".join(value.split())
    return environment, folders


def certificates(found: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    """The host's bundle of trusted certificates: pip's, the variables that programs use, Debian's."""
    candidates = [
        found.get("cert", ""),
        *(environment.get(name, "") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")),
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    return next((path for path in candidates if path and os.path.isfile(path)), None)
