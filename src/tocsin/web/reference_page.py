"""The page at `/docs`: every door with what it takes and answers, drawn from what OpenAPI says of it."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: light-dark(#0b57a4, #9cf);
  --quiet: light-dark(#595550, #b5aea4); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto 6rem; padding: 0 1rem;
  background: light-dark(#fff, #14120f); color: light-dark(#1b1916, #eee); }
a { color: var(--link); }
h2 { margin: 3.5rem 0 0; } h3 { margin: 2.2rem 0 0.3rem; font-size: 1rem; scroll-margin-top: 1rem; }
h4 { margin: 1rem 0 0; font-size: 0.85rem; color: var(--quiet); font-weight: 600; }
p { margin: 0.4rem 0; }
code, pre, h3 { font-family: ui-monospace, monospace; }
code { background: var(--soft); border-radius: 0.25rem; padding: 0.05rem 0.25rem; font-size: 0.92em; }
h3, nav, p { overflow-wrap: anywhere; }
h3 code, pre code { background: none; padding: 0; font-size: 1em; }
pre { background: var(--soft); padding: 0.6rem 0.8rem; white-space: pre-wrap; font-size: 0.85rem; }
nav { columns: 17rem; font-size: 0.9rem; } nav ul { list-style: none; margin: 0 0 1rem; padding: 0; }
nav li { break-inside: avoid; } nav li.tag { font-weight: 600; margin-top: 0.5rem; }
.method { display: inline-block; min-width: 3.6rem; } nav .method { min-width: 4rem; color: var(--quiet); }
.scope { font: 0.8rem system-ui, sans-serif; border: 1px solid; border-radius: 1rem; padding: 0 0.6rem; }
.rows { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 0.85rem; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.8rem 0.3rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; font-family: ui-monospace, monospace; }
td:nth-child(2) { min-width: 9rem; } td:last-child { width: 60%; }
@media (max-width: 40rem) {
  thead { display: none; }
  td { display: block; width: auto !important; padding: 0; border: 0; overflow-wrap: anywhere; }
  td:first-child { padding-top: 0.4rem; font-weight: 600; }
  td:last-child { padding-bottom: 0.4rem; border-bottom: 1px solid var(--line); }
}
"""

_NAMES = {
    ("string", "date-time"): "time",
    ("string", "uuid"): "id",
    ("string", None): "text",
    ("integer", None): "whole number",
    ("number", None): "number",
    ("boolean", None): "true or false",
    ("object", None): "object",
    ("null", None): "null",
}
_SAYS_NOTHING: tuple[Mapping[str, Any], ...] = ({"enum": [None, ""]}, {"enum": [""]}, {})
_CODE = re.compile(r"`([^`]+)`")


def drawn(schema: Mapping[str, Any]) -> str:
    forms = schema["components"]["schemas"]
    return "".join((*_head(schema), *_contents(schema), *_calls(schema, forms), *_forms(forms)))


def _head(schema: Mapping[str, Any]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield '<title>Tocsin: the HTTP interface</title><link rel="stylesheet" href="docs/style.css">'
    yield '<link rel="icon" href="icon.svg" type="image/svg+xml">'
    yield f"<main><h1>Tocsin {html.escape(schema['info']['version'])}: the HTTP interface</h1>"
    yield _text(
        "Send your token as `Authorization: Bearer TOKEN`. Each call names the scope that it needs; `admin` implies the"
        " others. Bodies are JSON, whatever their content type says. In queries the values of a list are separated by"
        " commas; `\\,` is one inside a value.\n\n"
        "Whatever goes wrong is answered in one form, that of `Error`: its code is a stable word, and its message says"
        " how to mend it."
    )
    yield '<p>For programs: <a href="openapi.json">openapi.json</a>.</p>'


def _contents(schema: Mapping[str, Any]) -> Iterator[str]:
    yield '<nav aria-label="All calls"><ul>'
    for tag, calls in _by_tag(schema).items():
        yield f'<li class="tag">{html.escape(tag.capitalize())}'
        for method, path, _ in calls:
            name = html.escape(path.removeprefix("/api/v1"))
            yield f'<li><span class="method">{method}</span> <a href="#{_anchor(method, path)}">{name}</a>'
    yield '<li class="tag"><a href="#forms">Forms</a></ul></nav>'


def _calls(schema: Mapping[str, Any], forms: Mapping[str, Any]) -> Iterator[str]:
    for tag, calls in _by_tag(schema).items():
        yield f"<h2>{html.escape(tag.capitalize())}</h2>"
        for method, path, call in calls:
            yield from _call(method, path, call, forms)


def _by_tag(schema: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    tags: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, calls in sorted(schema["paths"].items()):
        for method, call in calls.items():
            tags.setdefault(call["tags"][0], []).append((method.upper(), path, call))
    return tags


def _call(method: str, path: str, call: Mapping[str, Any], forms: Mapping[str, Any]) -> Iterator[str]:
    scopes = [scope for way in call["security"] for scope in way.get("token", ())]
    yield f'<article><h3 id="{_anchor(method, path)}"><span class="method">{method}</span> '
    yield f"<code>{html.escape(path)}</code> "
    yield f'<span class="scope">{html.escape(", ".join(scopes) or "open")}</span></h3>'
    yield _text(call.get("description", ""))
    if call.get("parameters"):
        rows = ((each["name"], each["schema"], each.get("description", "")) for each in call["parameters"])
        yield from _table(f"Parameters in the {_places(call['parameters'])}", rows)
    if "requestBody" in call:
        yield from _body(call["requestBody"]["content"], forms)
    yield from _answers(call["responses"])
    yield "</article>"


def _places(parameters: Iterable[Mapping[str, Any]]) -> str:
    return " and ".join(dict.fromkeys(each["in"] for each in parameters))


def _body(content: Mapping[str, Any], forms: Mapping[str, Any]) -> Iterator[str]:
    """With the fields of the form that it is, or that it is several of."""
    ways = (f"{_kind(form['schema'])} (<code>{html.escape(media_type)}</code>)" for media_type, form in content.items())
    yield f"<h4>Body</h4><p>{', or '.join(ways)}.</p>"
    first = next(iter(content.values()))["schema"]
    named = first["anyOf"][0] if "anyOf" in first else first
    if "$ref" in named:
        form = forms[_name(named)]
        yield from _fields(form, dict.fromkeys(form.get("required", ()), "Required. "))


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    yield "<h4>Answers</h4>"
    for status, answer in responses.items():
        if status != "default":
            yield f"<p><code>{status}</code> {_inline(answer['description'])} {_content(answer.get('content', {}))}</p>"


def _content(content: Mapping[str, Any]) -> str:
    if not content:
        return ""
    kind = _kind(next(iter(content.values()))["schema"])
    return f"{kind} ({', '.join(f'<code>{html.escape(media_type)}</code>' for media_type in content)})"


def _forms(forms: Mapping[str, Any]) -> Iterator[str]:
    yield '<h2 id="forms">Forms</h2>'
    for name, form in forms.items():
        yield f'<article><h3 id="form-{html.escape(name)}">{html.escape(name)}</h3>{_text(form.get("description", ""))}'
        optional = {name: "Optional. " for name in form.get("properties", {}) if name not in form.get("required", ())}
        yield from _fields(form, optional) if "properties" in form else (f"<p>{_kind(form)}</p>",)
        yield "</article>"
    yield "</main></html>"


def _fields(form: Mapping[str, Any], said: Mapping[str, str]) -> Iterator[str]:
    """`said`: before what a field means."""
    rows = ((name, each, said.get(name, "") + each.get("description", "")) for name, each in form["properties"].items())
    yield from _table("Fields", rows)
    if "example" in form:
        yield f"<pre><code>{html.escape(json.dumps(form['example']))}</code></pre>"


def _table(heading: str, rows: Iterable[tuple[str, Mapping[str, Any], str]]) -> Iterator[str]:
    yield f'<div class="rows" tabindex="0" role="region" aria-label="{heading}"><table>'
    yield f'<thead><tr><th scope="col">{heading}<th scope="col">Form<th scope="col">Meaning</thead><tbody>'
    for name, form, about in rows:
        yield f"<tr><td>{html.escape(name)}<td>{_kind(form)}<td>{_inline(about)}"
    yield "</table></div>"


def _kind(form: Mapping[str, Any]) -> str:
    """The kind of a value, in words."""
    if "$ref" in form:
        return f'<a href="#form-{_name(form)}">{_name(form)}</a>'
    if "anyOf" in form:
        return " or ".join(dict.fromkeys(_kind(each) for each in form["anyOf"] if each not in _SAYS_NOTHING))
    if "enum" in form or "const" in form:
        return " · ".join(f"<code>{html.escape(_word(each))}</code>" for each in form.get("enum", [form.get("const")]))
    if form.get("type") == "array":
        return f"list of {_kind(form['items'])}"
    types = form.get("type", ())
    names = [_NAMES.get((kind, form.get("format")), kind) for kind in ([types] if isinstance(types, str) else types)]
    return (" or ".join(names) or "anything") + _bounds(form)


def _bounds(form: Mapping[str, Any]) -> str:
    if "maxLength" in form:
        return f", up to {form['maxLength']} characters"
    if "maximum" in form:
        return f", {form['minimum']} to {form['maximum']}"
    return f", at least {form['minimum']}" if "minimum" in form else ""


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _name(form: Mapping[str, Any]) -> str:
    return html.escape(form["$ref"].rpartition("/")[2])


def _anchor(method: str, path: str) -> str:
    return html.escape(f"{method}-{path.strip('/')}".lower().translate(str.maketrans("/{}", "---")))


def _text(written: str) -> str:
    """Paragraphs, as docstrings write them."""
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in re.split(r"\n\s*\n", written) if paragraph.strip())


def _inline(written: str) -> str:
    return _CODE.sub(r"<code>\1</code>", html.escape(written, quote=False))
