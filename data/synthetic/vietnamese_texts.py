"""Texts for lines of Vietnamese: addresses, names, dates and numbers, and words that bring every letter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from tfx_ocr.data import normalization
from tfx_ocr.data.alphabets import vietnamese

T = TypeVar("T")

LONGEST = 72  # characters; Kalapa's and Cinnamon's go to 73
SHORTEST = 40  # of a cut phrase it is at least the half


class District(NamedTuple):
    """A district of a province, as a list of places has it."""

    province: str
    prefix: str  # Quận, Huyện, Thị xã, Thành phố
    name: str
    wards: tuple[tuple[str, str], ...]  # prefix and name
    streets: tuple[str, ...]


# Written for this project, under its licence: enough for a sample, not a gazetteer.
# Province; prefix, name; wards; streets.
PLACES = """
Hà Nội; Quận Hoàn Kiếm; Phường Hàng Bạc, Phường Tràng Tiền, Phường Cửa Đông; Lý Thường Kiệt, Hàng Bông, Bà Triệu
Hà Nội; Quận Đống Đa; Phường Láng Hạ, Phường Ô Chợ Dừa, Phường Khương Thượng; Thái Thịnh, Nguyễn Lương Bằng, Xã Đàn
Hà Nội; Huyện Ba Vì; Xã Tản Lĩnh, Xã Vật Lại, Thị trấn Tây Đằng; Quốc lộ 32
Hải Phòng; Quận Lê Chân; Phường Dư Hàng, Phường Trại Cau, Phường An Biên; Tô Hiệu, Cầu Đất, Hai Bà Trưng
Đà Nẵng; Quận Thanh Khê; Phường Vĩnh Trung, Phường Tân Chính, Phường Thạc Gián; Điện Biên Phủ, Hùng Vương
Hồ Chí Minh; Quận 1; Phường Bến Nghé, Phường Đa Kao, Phường Bến Thành; Nguyễn Huệ, Ngô Đức Kế, Đồng Khởi
Hồ Chí Minh; Quận Tân Bình; Phường 1, Phường 2, Phường 15; Lê Văn Sỹ, Cộng Hoà, Trường Chinh
Cần Thơ; Quận Bình Thủy; Phường Thới An Đông, Phường Trà Nóc, Phường Long Hoà; Cách Mạng Tháng Tám, Lê Hồng Phong
Thừa Thiên Huế; Thành phố Huế; Phường Trường An, Phường Vĩ Dạ, Phường Thuỷ Biều; Phan Bội Châu, Hùng Vương
Nghệ An; Huyện Nghĩa Đàn; Xã Nghĩa Trung, Xã Nghĩa Yên, Xã Nghĩa Hội; Đường 48
Thanh Hoá; Huyện Hà Trung; Xã Hà Bình, Xã Hoạt Giang, Thị trấn Hà Trung; Quốc lộ 1A
Thái Bình; Huyện Hưng Hà; Xã Thái Phương, Xã Độc Lập, Xã Hồng Minh; Trần Thủ Độ
Nam Định; Huyện Xuân Trường; Xã Xuân Vinh, Xã Thọ Nghiệp, Xã Xuân Kiên; Đường 489
Lạng Sơn; Huyện Bắc Sơn; Xã Nhất Hoà, Xã Vũ Lễ, Xã Tân Tri; Lương Văn Tri
Đồng Tháp; Huyện Thanh Bình; Xã Tân Bình, Xã Bình Thành, Xã An Phong; Võ Văn Kiệt
Kiên Giang; Thành phố Rạch Giá; Phường An Hoà, Phường Vĩnh Lạc, Phường Rạch Sỏi; Trần Khánh Dư, Nguyễn Trung Trực
Sóc Trăng; Thị xã Ngã Năm; Xã Long Bình, Phường 3, Xã Mỹ Quới; Mai Thanh Thế
Gia Lai; Huyện Chư Sê; Thị trấn Chư Sê, Xã Ia Blang, Xã Dun; Hùng Vương, Kpă Klơng
Lâm Đồng; Huyện Đơn Dương; Xã Lạc Lâm, Xã Ka Đô, Thị trấn Thạnh Mỹ; Quốc lộ 27
Quảng Ninh; Thành phố Uông Bí; Phường Trưng Vương, Phường Vàng Danh, Phường Bắc Sơn; Trần Nhân Tông
Hưng Yên; Huyện Phù Cừ; Xã Đoàn Đào, Xã Tống Trân, Thị trấn Trần Cao; Đường 386
Vĩnh Long; Huyện Tam Bình; Xã Phú Lộc, Xã Hoà Thạnh, Xã Ngãi Tứ; Võ Tấn Đức
Bà Rịa Vũng Tàu; Thành phố Vũng Tàu; Phường Thắng Tam, Phường Rạch Dừa, Xã Long Sơn; Thuỳ Vân, Lê Lợi
Quảng Trị; Huyện Hải Lăng; Xã Hải Quy, Xã Hải Dương, Thị trấn Diên Sanh; Ngô Quyền
Đắk Lắk; Thành phố Buôn Ma Thuột; Phường Ea Tam, Phường Tự An, Xã Hoà Khánh; Y Ngông, Phan Chu Trinh
"""
PHRASES = (
    "Trăm năm trong cõi người ta", "Chữ tài chữ mệnh khéo là ghét nhau", "Một năm hai thước phân tám tư",
    "Không có gì quý hơn độc lập tự do", "Ăn quả nhớ kẻ trồng cây", "Uống nước nhớ nguồn",
    "Có công mài sắt có ngày nên kim",
    "Gần mực thì đen, gần đèn thì sáng", "Một cây làm chẳng nên non", "Đi một ngày đàng học một sàng khôn",
    "Lá lành đùm lá rách", "Thương người như thể thương thân", "Nước chảy đá mòn", "Chậm mà chắc",
    "Tốt gỗ hơn tốt nước sơn",
)  # fmt: skip
SURNAMES = (
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Mai Trịnh Đoàn Lương Tạ Chử Quách"
)
MIDDLE = "Văn Thị Hữu Đức Ngọc Minh Thanh Quang Xuân Thuỳ Bích Gia Hoài Khắc Như Tuấn Diễm Kỳ Ái Ý"
GIVEN = (
    "An Anh Ánh Bảo Bình Châu Chiến Cường Dũng Duyên Đạt Giang Hà Hạnh Hằng Hiếu Hoa Hoà Huệ Hùng Hương Khánh Kiệt Lan"
    " Linh Loan Long Lộc Mai Mỹ Nam Nga Nghĩa Ngân Nhung Oanh Phúc Phượng Quyền Quỳnh Sơn Tâm Thảo Thắng Thịnh Thuỷ Thư"
    " Tiến Toàn Trang Trí Tuyết Tường Uyên Vân Việt Vĩ Vy Xuyến Yến Ẩn"
)
HAMLETS = ("Thôn", "Xóm", "Ấp", "Tổ", "Khu Phố", "Tổ Dân Phố", "Khóm", "Đội", "Làng", "Bản", "Khu", "Kp", "Buôn")
ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x f j w z"
CODAS = ("", "", "", "", "n", "ng", "nh", "m", "p", "t", "c", "ch", "i", "u", "o", "y")
VOWELS = (*(letter for letter in vietnamese.LETTERS if letter != "đ"), *"aeiouy")


class Texts:
    """Lines by chance, all within the alphabet and no longer than `LONGEST`.

    Args:
        places: districts, with what is in them.
        phrases: sentences and verses; long ones are cut between words.
    """

    def __init__(self, places: Sequence[District], phrases: Sequence[str]):
        self.places, self.phrases = places, phrases

    def draw_line(self, rng: np.random.Generator, commas: bool) -> str:
        """Return a line as people fill in a form: mostly addresses, their parts parted by commas or by spaces alone."""
        kind = rng.random()
        while True:
            if kind < 0.62:
                text = self.draw_address(rng, commas if rng.random() < 0.85 else not commas)
            elif kind < 0.70:
                text = draw_name(rng)
            elif kind < 0.75:
                text = draw_date(rng)
            elif kind < 0.79:
                text = draw_amount(rng)
            elif kind < 0.90:
                text = self.draw_phrase(rng)
            else:
                text = draw_invented(rng)
            if rng.random() < 0.04:
                text = text.upper()
            text = normalization.normalize_label(text)[:LONGEST].strip()
            if vietnamese.find_problem(text) is None:
                return text

    def draw_short(self, rng: np.random.Generator) -> str:
        """Return a line of one to four words: a name, a place, a date or an amount."""
        kind = rng.random()
        place = choose_one(rng, self.places)
        if kind < 0.35:
            return draw_name(rng)
        if kind < 0.5:
            return place.province
        if kind < 0.65:
            return f"{place.prefix} {place.name}"
        if kind < 0.8:
            return " ".join(choose_one(rng, place.wards))
        return draw_date(rng) if kind < 0.9 else draw_amount(rng)

    def draw_address(self, rng: np.random.Generator, commas: bool) -> str:
        """Return an address: perhaps house and street or hamlet, then ward, district, province."""
        place = choose_one(rng, self.places)
        ward_prefix, ward = choose_one(rng, place.wards) if place.wards else ("Xã", "Tân Lập")
        kind, front = rng.random(), ""
        if kind < 0.4 and place.streets:
            house = _house(rng, commas)
            street = choose_one(rng, place.streets)
            road = "đường " if rng.random() < 0.12 else ""
            front = f"{house} {road}{street}"
        elif kind < 0.65:
            hamlet = HAMLETS[rng.integers(len(HAMLETS))]
            named = str(rng.integers(1, 20)) if rng.random() < 0.5 else choose_one(rng, self.places).name
            front = f"{hamlet} {named}"
        keep = 0.97 if commas else 0.2
        wards = f"{ward_prefix} {ward}" if ward.isdigit() or rng.random() < keep else ward
        district = place.name if rng.random() > keep and not place.name.isdigit() else f"{place.prefix} {place.name}"
        province = place.province
        if province == "Hồ Chí Minh" and rng.random() < 0.7:
            province = f"{'TP' if commas else 'Tp'} {province}"
        parts = [part for part in (front, wards, district, province) if part]
        if commas:
            text = ", ".join(parts)
            return text.replace(", ", " , ") if rng.random() < 0.02 else text
        words = " ".join(parts).replace(",", "").replace(" - ", " ").replace("-", " ").split()
        text = " ".join(word[0].upper() + word[1:] for word in words).replace("Thành Phố", "Tp")
        return normalization.unify_tone_spelling(text)

    def draw_phrase(self, rng: np.random.Generator) -> str:
        """Return a sentence, or a part of one."""
        words = choose_one(rng, self.phrases).split()
        longest = int(rng.integers(SHORTEST // 2, LONGEST))
        start = int(rng.integers(0, max(1, len(words) - 5)))
        text = ""
        for word in words[start:]:
            if len(text) + len(word) >= longest:
                break
            text = f"{text} {word}" if text else word
        return text or words[start][:longest]


def choose_one(rng: np.random.Generator, of: Sequence[T]) -> T:
    """Return one by chance."""
    return of[rng.integers(len(of))]


def draw_name(rng: np.random.Generator) -> str:
    """Return a person's name."""
    parts = [words.split() for words in (SURNAMES, MIDDLE, GIVEN)]
    if rng.random() < 0.25:
        parts.insert(2, parts[1])
    return " ".join(words[rng.integers(len(words))] for words in parts)


def draw_date(rng: np.random.Generator) -> str:
    """Return a date, in words or in numbers."""
    day, month, year = rng.integers((1, 1, 1940), (32, 13, 2030)).tolist()
    kind = rng.random()
    if kind < 0.4:
        return f"{'Ngày' if kind < 0.3 else 'ngày'} {day} tháng {month} năm {year}"
    mark = "/-."[rng.integers(3)]
    return f"{day:02d}{mark}{month:02d}{mark}{year}" if kind < 0.8 else f"{day}{mark}{month}{mark}{year % 100:02d}"


def draw_amount(rng: np.random.Generator) -> str:
    """Return a number: money, a telephone, a postal or identity code."""
    kind = rng.random()
    if kind < 0.4:
        money = f"{int(10 ** rng.uniform(3, 9)) // 500 * 500:,}".replace(",", ".")
        return money + ("", " đ", " đồng")[rng.integers(3)]
    digits = "".join(map(str, rng.integers(0, 10, 9).tolist()))
    if kind < 0.7:
        return f"0{digits}" if kind < 0.55 else f"0{digits[:3]} {digits[3:6]} {digits[6:]}"
    return digits[: rng.integers(4, 10)] if kind < 0.9 else f"{digits[0]},{digits[1:3]} %"


def draw_invented(rng: np.random.Generator) -> str:
    """Return syllables that need not exist: letters and tones about as often, in either case, and all marks."""
    words, onsets = [], ONSETS.split()
    for _ in range(rng.integers(2, 8)):
        word = onsets[rng.integers(len(onsets))] + VOWELS[rng.integers(len(VOWELS))] + CODAS[rng.integers(len(CODAS))]
        kind = rng.random()
        word = word.upper() if kind < 0.4 else word.capitalize() if kind < 0.55 else word
        if rng.random() < 0.15:
            mark = vietnamese.PUNCTUATION[rng.integers(len(vietnamese.PUNCTUATION))]
            word = f"({word})" if mark in "()" else f'"{word}"' if mark == '"' else word + mark
        words.append(word)
    return " ".join(words)


def load_built_in() -> Texts:
    """Return what comes with the project: some 25 districts, names, sayings."""
    places = []
    for row in PLACES.strip().splitlines():
        province, district, wards, streets = (part.strip() for part in row.split(";"))
        named = tuple(_prefixed(ward.strip()) for ward in wards.split(","))
        places.append(District(province, *_prefixed(district), named, tuple(map(str.strip, streets.split(",")))))
    return Texts(places, PHRASES)


def _prefixed(text: str) -> tuple[str, str]:
    """`Thị trấn Chư Sê` as its prefix and its name."""
    two = text.startswith(("Thị trấn", "Thị xã", "Thành phố"))
    words = text.split(" ", 2 if two else 1)
    return " ".join(words[:-1]), words[-1]


def load_folder(root: Path) -> Texts:
    """Return places and phrases from files.

    Args:
        root: with `vietnam_dataset/data/*.json` (provinces with `district`, their `ward` and `street`) and, as you
            like, `corpus/*.txt` of a sentence per line.

    Raises:
        ValueError: these files are missing, or one is malformed.
    """
    files = sorted((root / "vietnam_dataset" / "data").glob("*.json"))
    if not files:
        raise ValueError(f"no places in {root}: vietnam_dataset/data/*.json are needed")
    places = [district for file in files for district in _districts(file)]
    sentences = (
        normalization.normalize_label(line)
        for file in sorted((root / "corpus").glob("*.txt"))
        for line in file.read_text(encoding="utf-8").splitlines()
    )
    phrases = [line for line in sentences if line and not set(line) - set(vietnamese.CHARACTERS)]
    return Texts(places, phrases or PHRASES)


def _districts(file: Path) -> Iterator[District]:
    try:
        province = json.loads(file.read_text(encoding="utf-8"))
        for district in province["district"]:
            wards = tuple((_clean(ward["pre"]), _clean(ward["name"])) for ward in district["ward"])
            streets = tuple(street for street in map(_clean, district["street"]) if len(street) > 2)
            name = _clean(district["name"])
            yield District(_clean(province["name"]), _clean(district["pre"]), name, wards, streets)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is not a list of a province's districts: {error!r}") from None


def _clean(text: str) -> str:
    return normalization.normalize_text(text)


def _house(rng: np.random.Generator, commas: bool) -> str:
    """A house's number, as it is written in Vietnam."""
    kind, number = rng.random(), int(10 ** rng.uniform(0, 3.1))
    text = str(number)
    if kind < 0.3:
        text = "/".join(map(str, [number, *rng.integers(1, 200, rng.integers(1, 3)).tolist()]))
    elif kind < 0.42:
        text = f"{number}{'ABCDEGHK'[rng.integers(8)]}"
    elif kind < 0.47:
        text = (
            f"{'ABKLCD'[rng.integers(6)]}{rng.integers(1, 40)}{('', '-' + str(rng.integers(1, 30)))[rng.integers(2)]}"
        )
    if rng.random() < 0.12:
        text = f"{text} {('Ngõ', 'Hẻm', 'Ngách', 'ngõ')[rng.integers(4)]} {rng.integers(1, 400)}"
    return f"Số {text}" if rng.random() < (0.4 if commas else 0.1) else text
