"""All pages for people."""

from fastapi import FastAPI

from tocsin.web.people.pages.alert import AlertPage
from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.join import JoinPages
from tocsin.web.people.pages.me import MePage
from tocsin.web.people.pages.style import Style
from tocsin.web.people.pages.unsubscribe import UnsubscribePage
from tocsin.web.services import Services


class PeoplePages:
    def __init__(self, services: Services) -> None:
        hall = Hall(services)
        self._pages = (JoinPages(hall), MePage(hall), UnsubscribePage(hall), AlertPage(hall, services), Style(hall))

    def open(self, app: FastAPI) -> None:
        for page in self._pages:
            page.open(app)
