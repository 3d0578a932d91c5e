"""The HTTP doors: one closed layer, and behind it one file for each noun."""

from tocsin.web.app import Web, build_app
from tocsin.web.parts import Parts, WebSettings
from tocsin.web.patience import PatientHttp

__all__ = ["Parts", "PatientHttp", "Web", "WebSettings", "build_app"]
