"""A dictionary of so many rows that they come in pages."""

import handmade
from driving import Driver, drive

MANY = 5_000


def test_rows_are_asked_for_as_the_table_is_scrolled_sorted_and_searched() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("r")
        await app.see(f"{MANY:,} rows, after 4,200 steps, by row, smallest first")
        assert app.session.views[-1].rows_of == ()
        await app.press("end")
        await app.see("4999")
        await app.press("home", "pagedown", "right")
        await app.see("by norm, largest first")
        norms = sorted((row.norm for row in handmade.rows(MANY)), reverse=True)
        await app.until(lambda: f"{norms[0]:.4f}"[:5] in app.lines()[3])
        await app.press("slash", *"4321", "enter")
        await app.until(lambda: any("▶   4321" in line for line in app.lines()))
        await app.press("slash", *"5000", "enter")
        await app.see("rows are 0 to 4,999")
        asked = [view.pages[0] for view in app.session.views if view.pages]
        assert max(request.count for request in asked) <= 512
        assert len(asked) < 12

    drive(scenario, handmade.large_dictionary(MANY))
