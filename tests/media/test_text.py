"""Cleaning of what people paste: words stay, scripts and Word's markup go."""

import re
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.sanitise import clean_body, paragraphs, plain_text

WORD = (
    "<!--[if gte mso 9]><xml><w:View>Normal</w:View></xml><![endif]-->"
    '<h1 style="mso-pagination:none">Заголовок<o:p></o:p></h1>'
    '<p class=MsoNormal style="margin:0cm"><b><span style="font-size:14pt">Важное</span></b> и <i>тихое</i></p>'
    "<p class=MsoListParagraph><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;&nbsp;</span></span>первый</p>"
    "<p class=MsoListParagraph>·&nbsp;второй</p><p class=MsoListParagraph>1.&nbsp;по счёту</p>"
    "<style>p{color:red}</style>"
)


def test_word_markup_becomes_plain_html_with_all_its_words():
    cleaned = clean_body(WORD)
    assert cleaned.html == (
        "<h2>Заголовок</h2><p><strong>Важное</strong> и <em>тихое</em></p>"
        "<ul><li>первый</li><li>второй</li></ul><ol><li>по счёту</li></ol>"
    )
    assert cleaned.notes == ["Разметка Word убрана, текст и заголовки сохранены."]


@pytest.mark.parametrize(
    ("given_html", "expected"),
    [
        ("<p>До<script>alert(1)</script> после</p>", "<p>До после</p>"),
        ('<p onclick="x()">Текст</p>', "<p>Текст</p>"),
        ('<a href="javascript:x()">ссылка</a>', "<a>ссылка</a>"),
        ('<a href="https://example.org/">ссылка</a>', '<a href="https://example.org/">ссылка</a>'),
        ("<div>Один</div><div>Два</div>", "<p>Один</p><p>Два</p>"),
        ('<p><img src="https://chuzhoe.example/a.png" alt="чужое">Слова</p>', "<p>Слова</p>"),
        ('<iframe src="https://x.example"></iframe><p>Слова</p>', "<p>Слова</p>"),
        ("<p>Пусто:</p><p>&nbsp;</p><h2></h2>", "<p>Пусто:</p>"),
        ("<p>Число 1 &lt; 2</p>", "<p>Число 1 &lt; 2</p>"),
        ('<svg onload="x()"><text>Слова</text></svg><p>Слова</p>', "<p>Слова</p>"),
    ],
)
def test_what_is_dangerous_goes_and_words_stay(given_html, expected):
    assert clean_body(given_html).html == expected


def test_own_images_stay():
    html = '<figure><img src="/journal/images/0b1c2d3e-0000-4000-8000-000000000000/w640.jpg" alt="Вид"><figcaption>Подпись</figcaption></figure>'
    assert clean_body(html).html == html


def test_plain_text_becomes_paragraphs():
    assert (
        clean_body("Один\nдва\n\nТри & 4 < 5").html == "<p>Один<br>два</p><p>Три &amp; 4 &lt; 5</p>"
    )


WORDS = st.text("абвгд <>&\"'ёЖ1", min_size=1, max_size=30)


@given(
    parts=st.lists(WORDS, max_size=5), tag=st.sampled_from(["p", "div", "b", "h1", "span", "foo"])
)
def test_no_letter_of_the_author_is_lost(parts, tag):
    html = "".join(f'<{tag} style="x">{escape(part)}</{tag}>' for part in parts)
    squeeze = re.compile(r"\s+")
    kept = squeeze.sub("", plain_text(clean_body(html).html))
    assert kept == squeeze.sub("", "".join(parts))


@given(st.text(max_size=200))
def test_any_input_is_safe_and_cleaning_it_again_changes_nothing(text):
    html = clean_body(text).html
    assert "<script" not in html.lower()
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert clean_body(html).html == html


@given(st.text("абв \n<&", max_size=80))
def test_paragraphs_keep_the_words(text):
    squeeze = re.compile(r"\s+")
    assert squeeze.sub("", plain_text(paragraphs(text))) == squeeze.sub("", text)
