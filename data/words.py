"""What the numbers of a page's words are made by, in the exported graph and without TensorFlow alike."""

from __future__ import annotations

ASCII = 128  # characters below are their own numbers; others are folded to ASCII .. 2 * ASCII - 1
PLACES = 16  # numbers per word: 9 of its place, 7 of what it is among the others
FAR = 50.0  # lines from the page's first or last word from which on a place is as far as any
WIDE = 10.0  # heights of a gap beside a word from which on it is as wide as any
OFTEN = 4.0  # times from which on a word is as frequent as any
MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip
DAY, MONTH, YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)[0-9][0-9]"
NAMED = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + "|Sept)"
ANY_YEAR, NTH, MARKS = f"(?:{YEAR}|[0-9][0-9])", "(?:st|nd|rd|th)?", "[-/., ']*"
DATES = [
    *(
        order
        for mark in "-/."
        for order in (
            f"{DAY}[{mark}]{MONTH}[{mark}]{ANY_YEAR}",
            f"{MONTH}[{mark}]{DAY}[{mark}]{ANY_YEAR}",
            f"{YEAR}[{mark}]{MONTH}[{mark}]{DAY}",
        )
    ),
    f"{DAY}{NTH}{MARKS}{NAMED}{MARKS}{ANY_YEAR}",
    f"{NAMED}{MARKS}{DAY}[-/., ']+{ANY_YEAR}",
]
# regular expressions that both Python and RE2 read alike
OF_DATES = (
    f"(?i)(?:.*[^0-9])?(?:{'|'.join(DATES)})(?:[^0-9].*)?",  # DATE:14-03-18, 22MAR18
    f"(?i)[^A-Z]*{NAMED}[^A-Z]*",  # June, 22MAR18
    f"(?i)[^0-9]?{DAY}{NTH}[^0-9]{{0,2}}",  # 22nd,
    f"[^0-9]{{0,2}}{YEAR}[^0-9]{{0,2}}",  # 2018.
)
AMOUNT = r"[^0-9]{0,4}[0-9][0-9.,*]{0,12}[.,*][0-9][0-9][^0-9]{0,2}"  # RM7.42, $3,202.61, 119*00
