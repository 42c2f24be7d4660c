from tfx_ocr.serving.reader.invisible_font import encode


def test_codes_are_those_of_utf16():
    assert encode("aế한") == (0x61, 0x1EBF, 0xD55C)
    assert encode("𝄞") == (0xD834, 0xDD1E)
    assert encode("") == ()
    assert encode("\ud834") == (0x3F,)  # half a character: a question mark
