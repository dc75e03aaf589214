"""Whatever is not markup is escaped where it is put in."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from dicttui.report.markup import Markup, element, joined


def test_elements_nest_and_texts_are_escaped():
    inside = element("b", "1 < 2")
    assert element("p", inside, " & more", class_="a", hidden=True, id=None) == (
        '<p class="a" hidden><b>1 &lt; 2</b> &amp; more</p>'
    )
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_attributes_are_escaped():
    assert element("a", "x", title='"><script>') == '<a title="&quot;&gt;&lt;script&gt;">x</a>'


def test_what_cannot_be_seen_is_written_out():
    assert joined("\x1b[2J\u202e\ud800\x00ok") == r"\x1b[2J\u202e\ud800\x00ok"
    assert joined("one\ntwo\t") == "one\ntwo\t"


@given(st.text() | st.characters(codec=None))
def test_no_text_is_ever_an_element(text):
    names, texts = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            names.append((tag, dict(attrs)))

        def handle_data(self, data):
            texts.append(data)

    reader = Reader()
    page = element("p", text, title=text)
    page.encode("utf-8")
    reader.feed(page)
    reader.close()
    assert [name for name, _ in names] == ["p"]
    assert "".join(texts) == names[0][1]["title"]
    assert isinstance(page, Markup)
