"""Histories whose columns have names that are in no list, and what must come of each."""

from datetime import timedelta

import polars as pl

from tests.support.histories import (
    BASE,
    ROWS,
    STEP,
    Case,
    Rows,
    changed,
    german,
    parquet,
    renamed,
    table,
    with_columns,
    without,
)


def _numbers_of_time(rows: Rows) -> Rows:
    return [
        {"Year": r["time"].year, "MONTH": r["time"].month, "day": r["time"].day}
        | {"hour": r["time"].hour, "minute": r["time"].minute}
        | {name: value for name, value in r.items() if name != "time"}
        for r in rows
    ]


UNKNOWN_NAMES: tuple[Case, ...] = (
    # The time by values.
    Case(
        "a time whose name says nothing",
        {"a.csv": table(renamed(BASE, time="seen"))},
        time="seen",
        warnings=("seen is used as the time",),
    ),
    Case(
        "two moments in Parquet",
        {
            "a.parquet": parquet(
                pl.DataFrame(BASE).select(
                    pl.exclude("time"),
                    pl.col("time").alias("trip_pickup"),
                    (pl.col("time") + timedelta(minutes=7)).alias("trip_dropoff"),
                )
            )
        },
        time="trip_pickup",
        warnings=("trip_pickup is used as the time", "trip_dropoff has times and is not a feature"),
    ),
    Case(
        "German dates with names in German",
        {"a.csv": table(renamed(changed(BASE, time=german), time="GEMELDET_AM"), separator=";")},
        time="GEMELDET_AM",
    ),
    Case(
        "a time beside the days on which the cards began",
        {
            "a.csv": table(
                [
                    {
                        "begun": f"{1990 + 7 * i % 30}-0{1 + i % 9}-{10 + i % 18}",
                        **{("seen" if n == "time" else n): v for n, v in r.items()},
                    }
                    for i, r in enumerate(BASE)
                ]
            )
        },
        time="seen",
        warnings=("begun has times and is not a feature",),
    ),
    Case(
        "a day that describes the card is not the time",
        {
            "a.csv": table(
                without(
                    [{**r, "valid_on": f"2019-05-{10 + int(r['card'][5:]) % 19}"} for r in BASE],
                    "time",
                )
            )
        },
        time=None,
        features=("amount", "shop"),
        warnings=("valid_on has times and is not a feature",),
    ),
    Case(
        "days of birth are not the time",
        {
            "a.csv": table(
                [
                    {**without([r], "time", "card")[0], "date_of_birth": f"19{50 + i % 49}-03-14"}
                    for i, r in enumerate(BASE)
                ]
            )
        },
        key=None,
        time=None,
        features=("amount", "shop"),
        warnings=("date_of_birth has times and is not a feature",),
    ),
    Case(
        "seconds in a column called t",
        {"a.csv": table(renamed(changed(BASE, time=lambda v: int(v.timestamp())), time="t"))},
        time="t",
        warnings=("t is used as the time",),
    ),
    Case(
        "days as whole numbers",
        {"a.csv": table(renamed(changed(BASE, time=lambda v: f"{v:%Y%m%d}"), time="trade_date"))},
        time="trade_date",
        features=("amount", "shop"),
    ),
    Case(
        "days on which something ends are not the time",
        {"a.csv": table(renamed(BASE, time="expiry_date"))},
        time=None,
        features=("amount", "shop"),
        warnings=("expiry_date has times and is not a feature",),
    ),
    Case(
        "a count in a column called t",
        {"a.csv": table(with_columns(without(BASE, "time"), t=lambda place: place * 37 % 90))},
        time=None,
        features=("amount", "shop", "t"),
    ),
    Case(
        "a time of which nobody can tell the day from the month",
        {
            "a.csv": table(
                renamed(changed(BASE, time=lambda v: v.strftime("%d/%m/%Y %H:%M")), time="seen")
            )
        },
        error="seen.*--time-format.*time=none",
    ),
    Case(
        "intervals of time",
        {
            "a.csv": table(
                renamed(
                    changed(
                        BASE,
                        time=lambda v: f"{v:%d.%m.%Y %H:%M} - {v + STEP:%d.%m.%Y %H:%M} (UTC)",
                    ),
                    time="MTU",
                )
            )
        },
        time="MTU",
        warnings=("MTU has intervals",),
    ),
    Case(
        "years, months, days, hours and minutes",
        {"a.csv": table(_numbers_of_time(BASE))},
        time="date_time",
        warnings=("Year, MONTH, day, hour and minute were joined",),
    ),
    Case(
        "a date and an hour",
        {
            "a.csv": table(
                [
                    {"Date": f"{r['time']:%d/%m/%Y}", "Hour": r["time"].hour}
                    | without([r], "time")[0]
                    for r in (
                        {**row, "time": row["time"] + i * timedelta(minutes=50)}
                        for i, row in enumerate(BASE)
                    )
                ]
            )
        },
        time="date_time",
        warnings=("Date and Hour were joined",),
    ),
    Case(
        "a day of reading that is the same in nearly all rows is not the time",
        {
            "a.csv": table(
                with_columns(
                    renamed(BASE, time="seen"), last_scraped=lambda i: f"2026-04-0{1 + i % 3}"
                )
            )
        },
        time="seen",
        warnings=("last_scraped has times and is not a feature",),
    ),
    # The label by words and values.
    Case(
        "a label with a word of one in its name",
        {"a.csv": table(renamed(BASE, is_fraud="fraud_reported"))},
        label="fraud_reported",
        warnings=("fraud_reported is used as the label",),
    ),
    Case(
        "a label in camel case, in letters, with another beside it",
        {
            "a.csv": table(
                [
                    {**r, "isFraudulentCase": "Y" if r["is_fraud"] else "N", "alarm_raised": i % 2}
                    for i, r in enumerate(BASE)
                ]
            )
        },
        warnings=("isFraudulentCase, alarm_raised may also be labels",),
    ),
    Case(
        "a label that weakly says so",
        {"a.csv": table(renamed(BASE, is_fraud="default.payment.next.month"))},
        label="default.payment.next.month",
    ),
    Case(
        "names with words of labels that are none",
        {
            "a.csv": table(
                with_columns(
                    without(BASE, "is_fraud"),
                    default_value=lambda place: place % 2,
                    label_count=lambda place: place * 5 % 3 % 2,
                    target_temperature=lambda place: 20 + place // 3 % 2,
                    holiday_flag=lambda place: int(place % 11 == 0),
                    previous_fraud=lambda place: int(place % 13 == 0),
                )
            )
        },
        label=None,
        anomalies=None,
        features=(
            *("amount", "shop", "default_value", "label_count", "target_temperature"),
            *("holiday_flag", "previous_fraud", "hour_of_day"),
        ),
    ),
    Case(
        "a label by its values, in a file without names",
        {
            "a.csv": table(
                changed(BASE, is_fraud=lambda v: "attack" if v else "normal"), header=False
            )
        },
        roles="header=none id=column_1",
        key="series",
        id="column_1",
        time="column_3",
        label="column_6",
        features=("column_2", "column_4", "column_5", "hour_of_day"),
        warnings=("column_6 is used as the label", "set their roles, such as key=column_1"),
    ),
    Case(
        "none that means normal",
        {
            "a.csv": table(
                renamed(
                    changed(BASE, is_fraud=lambda v: "stolen card" if v else "none"),
                    is_fraud="fraud_kind",
                )
            )
        },
        label="fraud_kind",
    ),
    Case(
        "dashes that mean normal",
        {
            "a.csv": table(
                renamed(changed(BASE, is_fraud=lambda v: "STOLEN" if v else "-"), is_fraud="Label")
            )
        },
        label="Label",
        warnings=("'STOLEN' counts as an anomaly and '-' as normal",),
    ),
    Case(
        "a kind of fraud that is a part of the label",
        {
            "a.csv": table(
                [
                    {**r, "is_fraud": int(i % 20 == 0), "STF": int(i % 40 == 0)}
                    for i, r in enumerate(BASE)
                ]
            )
        },
        anomalies=ROWS // 20,
        warnings=("STF", "anomalies only"),
    ),
    # The key by the pattern of a name.
    *(
        Case(
            f"a key called {name}",
            {"a.csv": table(renamed(BASE, card=name))},
            key=name,
            warnings=(f"{name} is used as the key",),
        )
        for name in ("listing_id", "MachineNo", "sensorCode", "Area", "Node", "policy number")
    ),
    Case(
        "two columns that may be the key",
        {
            "a.csv": table(
                with_columns(renamed(BASE, card="from_id"), to_id=lambda i: f"z{i * 7 % 19}")
            )
        },
        key="series",
        features=("from_id", "to_id", "amount", "shop", "hour_of_day"),
        warnings=("no key was found; it may be from_id, to_id: set key=COLUMN",),
    ),
    Case(
        "a merchant is a category rather than the key",
        {"a.csv": table(renamed(BASE, card="merchant_id"))},
        key="series",
        features=("merchant_id", "amount", "shop", "hour_of_day"),
        warnings=("no key was found; it may be merchant_id",),
    ),
    Case(
        "codes that are no key",
        {
            "a.csv": table(
                with_columns(
                    without(BASE, "card"),
                    status_code=lambda i: f"s{i * 7 % 9}",
                    country=lambda i: f"c{i * 5 % 7}",
                )
            )
        },
        key="series",
        features=("amount", "shop", "status_code", "country", "hour_of_day"),
    ),
)
"""The same with names that are in no list: parts are told by words, patterns and values."""
