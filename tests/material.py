"""Material of the makers of Tocsin that is none of ours to publish: official specifications, recorded detections.

It lies beside their checkout. A public clone passes without it; each test that is left out for want of it says so, and
their number stands in the last lines of a run.
"""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
WANTING = "is not beside this checkout"

DISCORD_SPEC = SHARED / "specs/discord/openapi.json"
FCM_SPEC = SHARED / "specs/fcm/fcm.v1.json"
FEED = SHARED / "data/feed.ndjson"


def needs(*files: Path) -> pytest.MarkDecorator:
    """The test is left out where one of these is not there."""
    missing = [file for file in files if not file.exists()]
    told = missing[0].relative_to(SHARED.parent) if missing else ""
    return pytest.mark.skipif(bool(missing), reason=f"{told} {WANTING}")
