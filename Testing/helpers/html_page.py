"""A page of HTML as its elements and its text."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
from PIL import Image

VOID = {"br", "input", "meta", "wbr"}


class Page(HTMLParser):
    """The elements of a page, and whether every one that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Attributes of the elements of a kind; the word ``class_`` asks for a class."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]


def pixels(data_uri: str) -> np.ndarray:
    """The pixels of a PNG that a page holds."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(data_uri.split(",")[1]))))
