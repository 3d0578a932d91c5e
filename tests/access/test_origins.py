"""Pages that this machine serves, whatever Host a proxy before us puts in the request."""

import socket

import psutil

from tocsin.access.origins import Origins


def test_a_page_from_an_address_of_this_machine_may_use_its_sockets():
    origins = Origins()
    here = [
        each.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family in {socket.AF_INET, socket.AF_INET6} and not each.address.startswith("fe80:")  # needs a zone
    ]
    assert "127.0.0.1" in here
    for address in here:
        host = f"[{address}]" if ":" in address else address
        assert origins.admit(f"http://{host}:8080", "upstream.example"), address
        assert not origins.know(f"http://{host}:8080"), "such a page reads nothing across origins"


def test_a_page_that_is_known_may_read_answers_across_origins():
    origins = Origins(["https://board.example/path"])
    assert origins.know("https://board.example")
    assert not origins.know("https://board.example/path")
    assert not origins.know("http://board.example")


def test_what_is_no_address_of_a_page_makes_nobody_known():
    origins = Origins(["null", "file:///etc/passwd", "http://[", "", "https://"])
    for origin in ("null", "file://", "http://", "https://", "", "http://["):
        assert not origins.admit(origin, "")
