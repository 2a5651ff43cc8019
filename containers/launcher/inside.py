"""The environment variables of a command in the image."""

from __future__ import annotations

from collections.abc import Mapping

from .mounts import CACHE_INSIDE, CERTIFICATES
from .recipe import VENV

# They name files or programs of the host, or would bring another Python's modules in.
_DROPPED = frozenset(
    [
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PYTHONUSERBASE",
        "PYTHONEXECUTABLE",
        "PYTHONPLATLIBDIR",
        "PYTHONPYCACHEPREFIX",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "LD_AUDIT",
        "LIBRARY_PATH",
        "CPATH",
        "C_INCLUDE_PATH",
        "PKG_CONFIG_PATH",
        "CC",
        "CXX",
        "CPP",
        "LD",
        "CFLAGS",
        "CXXFLAGS",
        "CPPFLAGS",
        "LDFLAGS",
        "PETSC_DIR",
        "PETSC_ARCH",
        "SLEPC_DIR",
        "OPAL_PREFIX",
        "XDG_RUNTIME_DIR",
        "XDG_DATA_DIRS",
        "SSL_CERT_DIR",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "DBUS_SESSION_BUS_ADDRESS",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "LC_NUMERIC",
        "LC_TIME",
        "LC_COLLATE",
        "LC_MONETARY",
        "LC_MESSAGES",
        "TZDIR",
        "SSBFEM_NATIVE",
    ]
)
_DROPPED_PREFIXES = ("CONDA_", "PYENV_", "BASH_FUNC_", "__PYVENV", "MODULE", "LMOD_")

CERTIFICATE_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
)

# Defaults of the environment; what the caller sets wins.
_DEFAULTS = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_btl": "self,sm",
    "OMP_NUM_THREADS": "1",
    "ADIOS2_ALWAYS_USE_MPI": "1",
    "MPLBACKEND": "Agg",
    "VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow",
}

# More ranks than cores: the name of this setting in the Open MPI of each suite.
_OVERSUBSCRIBE = {"trixie": "PRTE_MCA_rmaps_default_mapping_policy", "sid": "PRTE_MCA_mapby"}


def variables(caller: Mapping[str, str], *, checkout: str, image: str, home: str | None = None) -> dict[str, str]:
    """Environment of the command: the caller's, less what breaks, plus what the image needs.

    Args:
        caller: the caller's environment.
        checkout: path of the checkout; its packages are imported from there.
        image: name and digest of the image, ``SUITE-DIGEST``, for the provenance of results.
        home: home folder where it is not the caller's ``HOME``.
    """
    kept = {
        name: value for name, value in caller.items() if name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)
    }
    for name in CERTIFICATE_VARIABLES:
        if name in kept:
            kept[name] = CERTIFICATES
    if home is not None:
        kept["HOME"] = home
    oversubscribe = _OVERSUBSCRIBE.get(image.split("-")[0])
    return (
        _DEFAULTS
        | ({oversubscribe: ":oversubscribe"} if oversubscribe else {})
        | kept
        | {
            "PATH": f"{checkout}/containers/bin:{VENV}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "PYTHONPATH": checkout,
            "PYTHONNOUSERSITE": "1",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "XDG_CACHE_HOME": CACHE_INSIDE,
            "MPLCONFIGDIR": f"{CACHE_INSIDE}/matplotlib",
            "SSBFEM_IMAGE": image,
        }
    )
