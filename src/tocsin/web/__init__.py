"""The HTTP doors: one closed layer, and behind it one file for each noun."""

from tocsin.web.app import Web, build_app
from tocsin.web.parts import Parts, WebSettings

__all__ = ["Parts", "Web", "WebSettings", "build_app"]
