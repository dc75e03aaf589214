"""What became of many diagnoses, with Wilson's intervals."""

import math
from collections.abc import Iterable, Sequence

from .injections import ALL, HEALTHY
from .judging import Row

Z = 1.96


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a share, 95 %: Wilson 1927."""
    share, correction = hits / n, Z * Z / n
    middle = (share + correction / 2) / (1 + correction)
    half = Z * math.sqrt(share * (1 - share) / n + correction / (4 * n)) / (1 + correction)
    return middle - half, middle + half


def share(hits: int, n: int) -> str:
    """A share with its interval."""
    if not n:
        return "–"
    low, high = wilson(hits, n)
    return f"{hits}/{n} {hits / n:.2f} ({low:.2f}–{high:.2f})"


def said(row: Row) -> list[str]:
    """The causes that a diagnosis stands by, best first; none where it says that all is well."""
    return [
        finding["cause"] for finding in row.get("said", ())
        if finding["status"] != "refuted" and finding["cause"] != HEALTHY
    ]  # fmt: skip


def accepted(row: Row) -> frozenset[str]:
    """What explains the row's training."""
    return ALL[row["cause"], row["setting"]].accepted


def told(rows: Sequence[Row]) -> Iterable[str]:
    """The lines of the table, then what went wrong."""
    faults = [row for row in rows if row["cause"] != HEALTHY]
    well = [row for row in rows if row["cause"] == HEALTHY]
    yield (
        f"{'cause':<25}{'noticed':<28}{'first':<28}{'among first two':<28}"
        "confirmed remedies that improve a fresh run"
    )
    for cause in [*dict.fromkeys(row["cause"] for row in faults), "all faults"]:
        of_cause = [row for row in faults if cause in (row["cause"], "all faults")]
        if of_cause:
            yield _line(cause, of_cause)
    if well:
        yield f"{'false alarms':<25}{share(sum(bool(said(row)) for row in well), len(well))}"
        remedies = _remedies(well)
        if remedies:
            yield f"{'remedies of false alarms':<25}{share(sum(remedies), len(remedies))}"
    yield ""
    yield from _failures(rows)


def _line(cause: str, rows: Sequence[Row]) -> str:
    n, remedies = len(rows), _remedies(rows)
    columns = (
        share(sum(bool(said(row)) for row in rows), n),
        share(sum(bool(accepted(row) & set(said(row)[:1])) for row in rows), n),
        share(sum(bool(accepted(row) & set(said(row)[:2])) for row in rows), n),
        share(sum(remedies), len(remedies)),
    )
    return f"{cause:<25}" + "".join(f"{column:<28}" for column in columns).rstrip()


def _remedies(rows: Iterable[Row]) -> list[bool]:
    return [remedy["improved"] for row in rows for remedy in row.get("remedies", ())]


def _failures(rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        where = f"{row['cause']} in {row['setting']}, seed {row['seed']}"
        if "error" in row:
            yield f"{where}: failed: {row['error'].strip().splitlines()[-1]}"
            continue
        named = said(row)
        if row["cause"] == HEALTHY:
            if named:
                yield f"{where}: false alarm: {', '.join(named)}"
        elif not accepted(row) & set(named[:1]):
            yield f"{where}: {', '.join(named) or 'healthy'}"
        for remedy in row.get("remedies", ()):
            if not remedy["improved"]:
                what = remedy.get("problem") or (
                    f"{remedy['measure']} {remedy['before']} → {remedy['after']}"
                )
                yield f"{where}: confirmed remedy of {remedy['cause']} " + (
                    f"({'; '.join(remedy['remedy'])}) does not improve a fresh run: {what}"
                )
