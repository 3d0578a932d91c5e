"""Programs of other versions, run from their sources by the interpreter of the tests."""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Self

from tests.cli.program import Process

ROOT = Path(__file__).parents[2]
ALONE = "56034a5"  # the last commit that knew of no nodes: it has a PostgreSQL to itself

_NEXT = '''"""What a later version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("later", sa.Column("key", sa.BigInteger(), primary_key=True))
    op.add_column("alerts", sa.Column("later", sa.Text()))
    op.add_column("deliveries", sa.Column("later", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
'''


def committed(commit: str, folder: Path) -> Path | None:
    """The sources of that commit; None where the history does not reach back so far."""
    packed = subprocess.run(["git", "-C", ROOT, "archive", commit, "src"], capture_output=True, check=False)
    if packed.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return _with_page(folder / "src")


def later(folder: Path) -> Path:
    """The sources of a version to come: ours, and a step of the schema."""
    sources = Path(shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("page", "__pycache__")))
    steps = sources / "tocsin/ledger/migrations/versions"
    before = max(step.name[:4] for step in steps.glob("[0-9]*.py"))
    number = f"{int(before) + 1:04}"
    (steps / f"{number}_later.py").write_text(_NEXT.format(number=number, before=before))
    return _with_page(sources)


def _with_page(sources: Path) -> Path:
    """The page is built for a wheel, and not in git: ours will do."""
    page = sources / "tocsin/web/page"
    if not page.exists():
        page.symlink_to(ROOT / "src/tocsin/web/page")
    return sources


class Version(Process):
    """`tocsin serve` of the program with these sources."""

    def __init__(self, sources: Path, folder: Path) -> None:
        self._sources = sources
        super().__init__(folder, "serve", "--config", "tocsin.json")

    def command(self, *arguments: str) -> list[str]:
        start = f"import sys; sys.path.insert(0, {str(self._sources)!r}); from tocsin.__main__ import main; main()"
        return [sys.executable, "-c", start, *arguments]

    def ready(self) -> Self:
        self.says("Dashboard .*")
        return self

    def refused(self) -> str:
        """What it says where it does not start."""
        assert self.wait() == 1, self.log
        self.rest_of_log()
        return self.log
