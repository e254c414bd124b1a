"""What has broken parsers: JSON values, names, keys and timestamps, as bytes."""

EDGES = (0, 1, 10**11, 10**14, 10**17, 4_102_444_800, 2**31, 2**53, 2**63, 2**64, 1_767_268_800)
"""Where something begins or ends: units of times, the year 2100, widths of integers."""

UNITS = (1, 10**3, 10**6, 10**9)


def around(number: int) -> list[int]:
    return [number - 1, number, number + 1]


NUMBERS = [
    *(str(n).encode() for edge in EDGES for n in around(edge)),
    *(str(-n).encode() for edge in EDGES for n in around(edge)),
    *(str(n).encode() for unit in UNITS[1:] for n in around(4_102_444_800 * unit)),
    *(str(1_767_268_800 * unit).encode() for unit in UNITS),
    *(b"9" * digits for digits in (19, 20, 39, 308, 309, 310, 400, 4_299, 4_300, 4_301, 6_000)),
    *(b"-" + b"9" * digits for digits in (19, 20, 310, 4_300, 4_301)),
    *(b"1e%d" % power for power in (11, 14, 17, 18, 19, 22, 30, 100, 307, 308, 309, 999, 99_999)),
    *(b"-1e%d" % power for power in (17, 300, 308, 309, 999)),
    *(b"1e-%d" % power for power in (1, 5, 300, 308, 323, 324, 999)),
    *(b"-0 -0.0 0.0 5e-324 -5e-324 0.1 12.5 20.0 21 19.75 1e0 1E+2 1.7976931348623157e308").split(),
    *(b"NaN Infinity -Infinity 0x10 01 -01 .5 1. +1 1_000 1e 1e+ - --1 1,5 1.2.3".split()),
    b"0." + b"0" * 2_000 + b"1",
    b"1" + b"0" * 2_000 + b"e-2000",
    b"4102444799.9999999",
    b"4102444799999.9999",
    b"99999999999.99999",
]

TIMES = [
    b"2026-01-01T12:00:00Z",
    b"2026-01-01T12:00:00.123456789Z",
    b"2026-01-01 12:00:00",
    b"2026-01-01T12:00:00+14:00",
    b"2026-01-01T12:00:00-23:59",
    b"2026-01-01T24:00:00Z",
    b"2026-01-01T12:00:60Z",
    b"2026-01-01T12:00:00+24:00",
    b"2026-01-01T12:00:00+00:00:01",
    b"2026-02-30",
    b"2026-W01-1",
    b"2026-001",
    b"20260101T120000Z",
    b"0001-01-01T00:00:00+23:59",
    b"0001-01-01",
    b"0000-01-01",
    b"9999-12-31T23:59:59-23:59",
    b"1969-12-31T23:59:59.999999Z",
    b"1970-01-01T00:00:00Z",
    b"1970-01-01T00:00:00+01:00",
    b"2099-12-31T23:59:59.999999Z",
    b"2100-01-01T00:00:00Z",
    b"2099-12-31T23:59:59.9999999-00:01",
    "\u0662\u0660\u0662\u0666-01-01T12:00:00Z".encode(),
    b"2026-01-01T12:00:00Z" * 200,
    b"12:00",
    b"now",
]

SIGNS = (0x663, 0xB2, 0xE9, 0xDF, 0x200B, 0x2028, 0xFEFF, 0xFFFD, 0xFFFF, 0x7F, 0x85, 0x1D7D7)
"""Digits that are none of ASCII's, what is not seen, and what is no character."""

TEXTS = [
    *TIMES,
    b"",
    b" ",
    b"food",
    b"fuel",
    b"books",
    b"311",
    b"0311",
    b"-5",
    b"12.5",
    b" 1e3 ",
    b"1767268800",
    b"1e999",
    b"NaN",
    b"null",
    b"card-0042",
    *(chr(sign).encode() for sign in SIGNS),
    "e\u0301\u202eabc\x9b2J".encode(),
    *(sign.encode() for sign in ("\U0001f600", "\U0001f469\u200d\U0001f467")),
    *(rb"\u0000 \ud800 \udc00 \ud83d\ude00 \ude00\ud83d \uD8 \u \x \" \\ \/ \n\r\t".split()),
    *(rb"\u001b[2J \u202e <!channel> <!here> <@U123> <https://evil.example|click>".split()),
    *(b"&amp; &lt; *bold* _it_ ~s~ `c`".split()),
    b"<!channel> & <@U1> *b* _i_ ~s~ `c` | more",
    b"\x00",
    b"\n",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"&" * 100,
    b"<" * 300,
    b"`" * 79 + b"&",
    "\U0001f600".encode() * 100,
    "\u0301".encode() * 500,
    b"x" * 79,
    b"x" * 80,
    b"x" * 81,
    b"x" * 3_000,
    b"9" * 5_000,
]

NESTED = [
    *(b"[" * depth + b"]" * depth for depth in (1, 2, 49, 50, 51, 200, 1_000, 3_000)),
    *(b'{"a":' * depth + b"1" + b"}" * depth for depth in (1, 49, 50, 51, 900)),
    *(b"[" * depth for depth in (1, 50, 3_900)),
    b"[" + b"1," * 1_500 + b"1]",
    b"[" + b"[]," * 1_000 + b"{}]",
    b"{" + b",".join(b'"n%d":%d' % (n, n) for n in range(300)) + b"}",
    b"{" + b",".join(b'"amount":%d' % n for n in range(200)) + b"}",
    b"{}",
    b"[[]]",
    b'[[1.0,"food"]]',
    b'{"amount":1e999}',
]

VALUES = [
    *NUMBERS,
    *(b'"' + text + b'"' for text in TEXTS),
    *NESTED,
    *(b"true false null nul True None undefined '' // /**/".split()),
]
"""One in ten of these is no JSON."""

NAMES = [
    *(b"id entity time current_time features data amount shop value1 value2 value3".split()),
    *(b"customer_id ts tx op after before payload schema detail row row.amount who id".split()),
    *(b"hour_of_day Features TIME f0 __class__ \\u0074ime".split()),
    b"",
    b"x" * 500,
]

TOKENS = [
    *VALUES,
    *(b'"' + name + b'"' for name in NAMES),
    *(b'{ } [ ] , : " {} [] ,, :: }} ]] {{ [['.split()),
    b"\xef\xbb\xbf",
    b"\x00",
    b"\x1e",
    b" " * 500,
]
"""What a value is made of, and what tears it apart."""

KEYS = [
    *[b"card-0042"] * 6,
    *[None] * 2,
    b"",
    b"\xff\xfe",
    b"\x00",
    b"<!channel>",
    b"k" * 1_000,
    "\U0001f600".encode() * 60,
    "\u202eabc".encode(),
    b'{"entity": 1}',
]

TIMESTAMPS = [
    *[1_767_268_800_000] * 30,
    *[1_767_268_800 * unit for unit in UNITS],
    *[n for unit in UNITS for n in around(4_102_444_800 * unit)],
    *[n for edge in EDGES for n in around(edge) if n < 2**63],
    *[None, -1, -(2**63), 2**63 - 1],
]
