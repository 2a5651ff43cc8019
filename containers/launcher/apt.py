"""Where the host gets its Debian packages from, and how."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MIRROR = "http://deb.debian.org/debian"

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
)

_SUITES = frozenset(
    [
        "oldoldstable",
        "oldstable",
        "stable",
        "testing",
        "unstable",
        "experimental",
        "sid",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
    ]
)


@dataclass(frozen=True)
class Source:
    """One entry of the host's apt sources."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    trusted: bool = False
    file: str = ""


def one_line_sources(text: str, file: str = "") -> Iterator[Source]:
    """Entries of a sources.list: ``deb [option=value ...] URI SUITE COMPONENT...``."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            options = dict(part.split("=", 1) for part in (match[1] or "").split() if "=" in part)
            yield Source(
                match[2],
                (match[3],),
                tuple(match[4].split()),
                options.get("signed-by", ""),
                options.get("trusted", "no").lower() in ("yes", "true"),
                file,
            )


def deb822_sources(text: str, file: str = "") -> Iterator[Source]:
    """Entries of a ``.sources`` file: paragraphs of fields."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        last = ""
        for line in paragraph.splitlines():
            if line[:1].isspace() and last:
                fields[last] += "\n" + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in (
            "no",
            "false",
        ):
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri,
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", ""),
                fields.get("trusted", "no").lower() in ("yes", "true"),
                file,
            )


def host_sources(etc: Path = Path("/etc/apt")) -> list[Source]:
    """All entries of the host, in the order in which apt reads them."""
    found: list[Source] = []
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    for path in files:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if path.suffix == ".list":
            found += one_line_sources(text, path.name)
        elif path.suffix == ".sources":
            found += deb822_sources(text, path.name)
    return found


def debian_archive(sources: Sequence[Source]) -> Source:
    """The entry that is (a mirror of) the Debian archive; the public one if there is none.

    Entries for Debian suites with the component main count; other vendors have such entries too, so the
    keyring, the folder of the URI and the file of the entry decide.
    """

    def score(source: Source) -> int:
        if "main" not in source.components or not set(source.suites) & _SUITES or "security" in source.uri:
            return 0
        return (
            4 * ("debian-archive" in source.signed_by)
            + 2 * bool(re.search(r"/debian/?$", source.uri) or "snapshot.debian.org" in source.uri)
            + 2 * source.uri.startswith("mirror+file:")
            + (source.file in ("sources.list", "debian.sources"))
        )

    best = max(sources, key=score, default=None)
    if best is None or score(best) == 0:
        return Source(DEFAULT_MIRROR, (), ("main",))
    return best


def mirror_uri(source: Source) -> str:
    """URI of an entry as the image can use it: the first of a list of mirrors in a file."""
    match = re.match(r"mirror\+file:(?://)?(/\S+)", source.uri)
    if match is None:
        return source.uri.rstrip("/")
    try:
        lines = Path(match[1]).read_text(encoding="utf-8").splitlines()
    except OSError:
        return DEFAULT_MIRROR
    uris = [line.split()[0] for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return uris[0].rstrip("/") if uris else DEFAULT_MIRROR


def source_line(suite: str, source: Source) -> str:
    """Line of a sources.list that gets `suite` from the host's mirror."""
    options = []
    if source.trusted:
        options.append("trusted=yes")
    own_key = source.signed_by if source.signed_by.startswith("/") else ""
    if not own_key or "debian-archive" in own_key:
        # the key of one release does not sign the next: take the ring that has all of them
        own_key = next((ring for ring in KEYRINGS if Path(ring).is_file()), "")
    if own_key:
        options.append(f"signed-by={own_key}")
    bracket = f"[{' '.join(options)}] " if options else ""
    return f"deb {bracket}{mirror_uri(source)} {suite} main"


_CARRIED = re.compile(
    r"^(Acquire::(?:https?|ftp|tor)::[^;]*|Acquire::(?:Check-Valid-Until|Check-Date|Max-ValidTime|Retries|"
    r'ForceIPv4|ForceIPv6|AllowInsecureRepositories)) "([^"]+)";$'
)


def carried_options(dump: str) -> list[str]:
    """Settings of the host that also hold for the build: proxies, certificates, dates, retries.

    Args:
        dump: output of ``apt-config dump``.
    """
    found: Mapping[str, str] = {
        match[1]: match[2] for line in dump.splitlines() if (match := _CARRIED.match(line)) is not None
    }
    settings = {"Acquire::Retries": "3"} | dict(found)
    return [f'{name} "{value}"' for name, value in settings.items()]


def host_options() -> list[str]:
    """`carried_options` of this machine."""
    try:
        dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        dump = ""
    return carried_options(dump)
