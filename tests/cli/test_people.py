"""People at the command line: a file is taken, looked at, given out and erased."""

import json
from pathlib import Path

from tests.cli.conftest import Run

CONSENT = '2026-11-20,forum,"Text me, STOP ends it."'
FILE = f"""external_id,name,phone,email,tags,consent_at,consent_source,consent_text
a:1,Ada,+14155550101,ada@example.com,vip,{CONSENT}
a:2,Grace,1.41555E+10,,vip,{CONSENT}
a:3,Edsger,,edsger@example.com,,,,
"""


def test_a_file_of_people_is_taken_row_by_row(at: Run, tmp_path: Path):
    (tmp_path / "members.csv").write_text(FILE)
    dry = at("contacts", "import", "members.csv", "--dry-run")
    assert (dry.exit_code, dry.stdout.splitlines()[:2]) == (1, ["       2  created", "       1  invalid"])
    assert "row 3: invalid: phone: a spreadsheet made a number of it" in dry.stdout
    assert "dry run" in dry.stderr
    assert json.loads(at("contacts", "list", "--json").stdout) == {"contacts": []}
    report = json.loads(at("contacts", "import", "-", "--json", piped=FILE).stdout)
    assert (report["created"], report["invalid"], report["unverified"]) == (2, 1, 1)
    again = json.loads(at("contacts", "import", "members.csv", "--json").stdout)
    assert (again["created"], again["unchanged"], again["invalid"]) == (0, 2, 1)
    listed = at("contacts", "list", "ada", "--tag", "vip").stdout
    assert "+1 *** *** 0101 (active), a***@example.com (active)" in listed
    assert "+14155550101" not in listed
    told = json.loads(at("contacts", "export", "a:1").stdout)
    assert told["contact"]["addresses"][0]["value"] == "+14155550101"
    lines = [json.loads(line) for line in at("consents", "export").stdout.splitlines()]
    assert [(line["event"], line["source"]) for line in lines] == [("imported", "import")] * 2
    table = at("consents", "export", "--as", "csv", "--since", "2026-01-01T00:00:00Z").stdout
    assert table.startswith("id,at,contact,address,channel,event,")
    asked = at("contacts", "erase", "a:1", piped="n\n")
    assert (asked.exit_code, "cannot be undone" in asked.stderr) == (1, True)
    erased = at("contacts", "erase", told["contact"]["id"], "--yes").stdout
    assert erased == "erased; kept: suppression, consent hashes\n"
    gone = at("contacts", "export", "a:1")
    assert (gone.exit_code, gone.stderr.startswith("not_found: ")) == (1, True)
    back = json.loads(at("contacts", "import", "-", "--json", piped=FILE.replace("Ada", "Ada L.")).stdout)
    assert (back["suppressed"], back["created"]) == (1, 0)
    added = at("contacts", "import", "-", piped="name,email\nEve,eve@example.com\n").stderr
    assert "Addresses that are told nothing before they are confirmed: 1\n" in added


def test_what_is_no_file_of_people_is_refused(at: Run, tmp_path: Path):
    assert at("contacts", "import", "nowhere.csv").exit_code == 2
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\x0d\x0a")
    told = at("contacts", "import", "photo.csv")
    assert (told.exit_code, told.stderr.startswith("invalid_request: ")) == (1, True)
    assert at("consents", "export", "--since", "yesterday").exit_code == 1
