"""Importing a callable that a person's preset names."""

import importlib
import importlib.machinery
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dicttui.networks import foreign
from dicttui.networks.protocol import NetworkError


def imported(factory: str, directory: Path | None) -> Callable[..., object]:
    """The callable of `package.module:callable`, looked for in `directory` first.

    The directory stands on Python's path during the import only. Raises NetworkError where there
    is no such callable or the import raises.
    """
    name, attribute = factory.split(":")
    prefix = f'[network] factory = "{factory}"'
    where = "Python's path" if directory is None else f"{directory} or Python's path"
    try:
        with _importable_from(directory, name.partition(".")[0]):
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise NetworkError(f"{prefix}: there is no module {error.name!r} in {where}") from error
        raise NetworkError(
            f"{prefix}: importing {name} needs the module {error.name!r}, which is not installed"
        ) from error
    except foreign.failures() as error:
        raise NetworkError(f"{prefix}: importing {name} raised {foreign.named(error)}") from error
    found: object = getattr(module, attribute, None)
    if found is None:
        raise NetworkError(f"{prefix}: {name} ({module.__file__}) has no {attribute!r}")
    if not callable(found):
        raise NetworkError(
            f"{prefix}: {attribute} is of type {type(found).__name__}; "
            "it must be callable, as factory(d_in=…, **arguments) -> torch.nn.Module"
        )
    return found


@contextmanager
def _importable_from(directory: Path | None, package: str) -> Iterator[None]:
    """Put a directory first on Python's path for an import of `package`."""
    if directory is None:
        yield
        return
    path = str(directory.resolve())
    importlib.invalidate_caches()
    _forget_namesake(package, path)
    sys.path.insert(0, path)
    try:
        yield
    finally:
        with suppress(ValueError):  # the imported code may have taken it off itself
            sys.path.remove(path)


def _forget_namesake(package: str, path: str) -> None:
    """Forget a package of this name that was imported from elsewhere, if `path` has its own."""
    here = importlib.machinery.PathFinder.find_spec(package, [path])
    loaded = sys.modules.get(package)
    if here is None or here.origin is None or loaded is None:
        return
    if getattr(loaded, "__file__", None) != here.origin:
        for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
            del sys.modules[name]
