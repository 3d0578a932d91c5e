"""Pages for people, by the links that they are given: plain HTML, for any phone, with scripts or without."""
