"""Text as a terminal or a page shows it, whatever is in it."""


def visible(text: str) -> str:
    """Lines of text; what a terminal would obey instead of showing it is written as in Python."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in "\n\t"
        else character.encode("unicode_escape").decode()
        for character in text
    )
