"""The HTTP doors: one closed layer, and behind it one file for each noun."""

from tocsin.web.app import Web, build_app
from tocsin.web.services import Program, Services, WebSettings
from tocsin.web.slow_clients import PatientHttp

__all__ = ["PatientHttp", "Program", "Services", "Web", "WebSettings", "build_app"]
