"""A wording: what people are asked, word for word, with the version that stands for it."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    version: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()
