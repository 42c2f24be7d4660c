import unicodedata

import pytest

from tfx_ocr.data.alphabets import get_alphabet

latin = get_alphabet("latin")

# Sentences with every letter of a language that is not in A to Z, from its own pangrams where it has one.
SENTENCES = {
    "german": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich: GROẞ „ä“",
    "french": "Dès Noël, où un zéphyr haï me vêt de glaçons würmiens, je dîne d’exquis rôtis à l’aÿ d’âge mûr, œuf & æ",
    "spanish": "¿El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia? ¡Añoraba el búho, aquí más!",
    "portuguese": "À noite, vovô Kowalsky vê o ímã cair no pé do pinguim queixoso; põe açúcar",
    "italian": "Pranzo d’acqua fa volti sghembi: è così, più, però, città, perché",
    "catalan": "Col·legi, això, qüestió, França, dóna, país",
    "danish": "Høj bly gom vandt fræk sexquiz på wc",
    "swedish": "Flygande bäckasiner söka hwila på mjuka tuvor",
    "icelandic": "Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa",
    "sami": "Vuol Ruoŧa geđggiid leat máŋga luosa ja čuovžža",
    "estonian": "Põdur Zagrebi tšellomängija-följetonist Ciqo külmetas kehvas garaažis: öö, ü",
    "latvian": "Glāžšķūņa rūķīši dzērumā čiepj Baha koncertflīģeļu vākus, ņem ģīmi ķert lācēnu",
    "lithuanian": "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą, ė, ų, ū",
    "polish": "Zażółć gęślą jaźń ĆŁŃ",
    "czech": "Příliš žluťoučký kůň úpěl ďábelské ódy, ě, Ň",
    "slovak": "Kŕdeľ šťastných ďatľov učí pri ústí Váhu mĺkveho koňa obhrýzať kôru a žrať čerstvé mäso",
    "hungarian": "Árvíztűrő tükörfúrógép",
    "croatian": "Gojazni đačić s biciklom drži hmelj i finu vatu u džepu nošnje",
    "romanian": "Gheorghe, obezul, a reușit să obțină jucându-se un flux în Quebec de o mie kilowațioră",
    "turkish": "Pijamalı hasta yağız şoföre çabucak güvendi İZMİR",
    "vietnamese": "Do bạch kim rất quý nên sẽ dùng để lắp vô xương, 50.000 ₫",
    "amounts": "Summe: 1.234,50 € / £5 / $7 / ¥8 / 9¢ (§ 19, 20 °C, ½, m²) [x] {y} <z>",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_lines_of_each_language_are_allowed(language):
    assert latin.find_problem(SENTENCES[language]) is None
    assert latin.find_problem(SENTENCES[language].replace("ß", "ẞ").upper()) is None


def test_characters_are_single_composed_and_each_there_once():
    characters = latin.CHARACTERS
    assert len(characters) == len(set(characters))
    assert all(len(character) == 1 and unicodedata.is_normalized("NFC", character) for character in characters)
    assert {chr(code) for code in range(0x20, 0x7F)} <= set(characters)


def test_what_vietnamese_has_latin_has():
    assert set(get_alphabet("vietnamese").CHARACTERS) < set(latin.CHARACTERS)


def test_every_letter_has_both_cases():
    letters = {character for character in latin.CHARACTERS if character.isalpha()} - set("ªºµ")
    assert {letter.lower() for letter in letters} == {letter for letter in letters if letter.islower()} | {"i\u0307"}
    assert {letter.upper() for letter in letters} == {letter for letter in letters if letter.isupper()} | {"SS"}


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("Ö" * 129, "label too long: 129 characters, where 128 are allowed"),
        (
            "O\u0308l",
            "unknown label: '\u0308' (U+0308), character 2 of 'O\u0308l', is not composed; write the text in NFC",
        ),
        (
            "Ελλάδα",
            "unknown label: 'Ε' (U+0395), character 1 of 'Ελλάδα', is not in the alphabet, nor 'λ', 'ά', 'δ', 'α'",
        ),
        ("ﬁn", "unknown label: 'ﬁ' (U+FB01), character 1 of 'ﬁn', is not in the alphabet"),
    ],
    ids=["long", "decomposed", "greek", "ligature"],
)
def test_what_no_line_may_hold_is_named(label, reason):
    assert latin.find_problem(label) == reason
