"""The table, from handmade results."""

from dataclasses import replace

from dicttui.bench.machine import Machine
from dicttui.bench.results import (
    BitsResult,
    CaseResult,
    Compared,
    KeyLatency,
    Results,
    ScreenResult,
    Settings,
    Speed,
    Spread,
)
from dicttui.bench.table import told, warning


def speed(way, rate, over_bare, runs=1, app=False, over_headless=None, engines=("captured",)):
    return Speed(
        way, runs, app, engines, (), Spread.of([rate]), Spread.of(over_bare),
        None if over_headless is None else Spread.of(over_headless),
        12.0 if app else None, 350.0, 1000,
    )  # fmt: skip


RESULTS = Results(
    Machine("AMD EPYC 9B45 128-Core Processor", 2, "Linux x86_64", "3.11.7", "2.13.0+cpu",
            "8.2.8", "0.1.0"),
    Settings(1.5, 5, 4.0, False, ("article-sparse", "screen", "bits")),
    (
        CaseResult(
            "article-sparse", "the article's sparse network: 10 → 8 → 5, 100 samples", "Adam", 1,
            0.21,
            (
                speed("bare", 2310.0, [1.0], engines=()),
                speed("eager", 2190.0, [0.9, 0.95, 1.0], engines=("eager",)),
                speed("auto", 17000.0, [7.1, 7.3, 7.5]),
                speed("auto", 16500.0, [7.0, 7.1, 7.2], app=True, over_headless=[0.96, 0.97, 0.99]),
                speed("auto", 28000.0, [11.9, 12.1, 12.3], runs=2),
                speed("auto", 2000.0, [10.1, 11.1, 12.1], 2, True, [0.96, 0.97, 0.98], ("eager",)),
            ),
        ),
        CaseResult(
            "768-12288", "a ReLU autoencoder: 768 → 12,288, batch 2048", "Adam", 2, None,
            (
                speed("bare", 0.345, [1.0], engines=()),
                replace(speed("auto", 0.34, [0.98, 0.99], engines=("eager",)),
                        details=("it could not be captured",)),
            ),
        ),
    ),
    ScreenResult(("captured",), KeyLatency(4.2, 31.0, 200, {"help opens": 3.0, "rows open": 9.0}),
                 11.2, 0.0, 0.004, Spread.of([0.23, 0.24, 0.26]), Spread.of([0.33, 0.37, 0.4]),
                 254.0, 1_200_000),
    BitsResult(
        3000, 2,
        (Compared("adam", 0, "captured", "", 40, None, True),
         Compared("sgd", 1, "captured", "", 40, 122, False)),
    ),
    0.05, 412.0,
)  # fmt: skip


def test_every_figure_is_in_the_table_and_it_fits_80_columns():
    lines = told(RESULTS)
    assert max(map(len, lines)) <= 80
    rows = [" ".join(line.split()) for line in lines]
    for expected in (
        "bare loop 2,310 1 350",
        "eager 2,190 0.95 (0.90–1.00) 350",
        "captured 17,000 7.30 (7.10–7.50) 350",
        "captured, app 16,500 7.10 (7.00–7.20) 0.97 (0.96–0.99) 350",
        "captured, 2 runs 28,000 12.1 (11.9–12.3) 350",
        "captured 0.21 s after the first step",
        "auto: eager 0.34 0.98 (0.98–0.99) 350",
        "eager: it could not be captured",
        "key to screen p50 4.2 ms, p99 31.0 ms (200 keys)",
        "slowest kind of key rows open: p50 9.0 ms",
        "bytes to the terminal training 11.2 kB/s, paused 0.0 kB/s",
        "processor while paused 0.4 % of a core",
        "first paint 0.24 s after start (0.23 to 0.26)",
        "first paint, a file 0.37 s after start (0.33 to 0.40)",
        "memory 254 MB resident after 1,200,000 steps",
        "equal to the last bit 1 of 2 runs",
        "sgd, seed 1: differs from step 122 on",
    ):
        assert expected in rows


def test_a_busy_machine_is_warned_of():
    assert warning(RESULTS) == ""
    assert "1.3 cores" in warning(replace(RESULTS, others_cores=1.3))
