use super::*;

#[test]
fn every_byte_at_every_place_is_written_as_json_has_it() {
    for character in (0..=0x2ff)
        .chain([0x2028, 0xfffd, 0x1_f600])
        .filter_map(char::from_u32)
    {
        for place in 0..17 {
            let text = format!("{}{character}{}", "x".repeat(place), "y".repeat(16 - place));
            let mut out = b"[".to_vec();
            write_json_string(&mut out, &text);
            let mut expected = b"[".to_vec();
            expected.extend(serde_json::to_vec(&text).unwrap());
            assert_eq!(out, expected, "{text:?}");
        }
    }
}

#[test]
fn what_was_written_is_read_up_to_what_others_have_to_see_to() {
    for place in 0..20 {
        let before = "é".repeat(place);
        for (end, stop) in [
            ("\"", 0x22),
            ("\\u0041", b'\\'),
            ("\\x", b'\\'),
            ("\n", b'\n'),
        ] {
            let text = format!("{before}\"\\/\n\r\t\u{8}\u{c} and more");
            let mut json = Vec::new();
            write_json_string(&mut json, &text);
            json.pop();
            json.extend_from_slice(end.as_bytes());
            let mut out = Vec::new();
            let length = read_json_text(&mut out, &json[1..]);
            assert_eq!(String::from_utf8(out).unwrap(), text);
            assert_eq!(json[1 + length], stop);
            assert_eq!(plain_json(&json[1..]), before.len());
        }
    }
    assert_eq!(read_json_text(&mut Vec::new(), b"\\"), 0);
    assert_eq!(plain_json(b"no end, and no more"), 19);
}

#[test]
fn marks_at_any_places_of_a_block_are_written_and_read_back() {
    for marks in 0..1_u32 << 16 {
        for (mark, seed) in [('"', marks), ('\\', marks), ('"', marks | 1 << 16)] {
            let text: String = (0..17)
                .map(|place| match seed >> place & 1 {
                    0 => 'x',
                    // Both kinds in one text.
                    _ if seed > 0xffff && place % 3 == 0 => '\\',
                    _ => mark,
                })
                .collect();
            let mut json = Vec::new();
            write_json_string(&mut json, &text);
            assert_eq!(json, serde_json::to_vec(&text).unwrap(), "{text:?}");
            let mut read = Vec::new();
            json.extend_from_slice(b", and more than sixteen bytes");
            let length = read_json_text(&mut read, &json[1..]);
            assert_eq!(read, text.as_bytes(), "{text:?}");
            assert_eq!(&json[1 + length..][..2], b"\",");
        }
    }
}

#[test]
fn texts_of_all_kinds_are_read_as_they_were_written() {
    let kinds = [
        "a",
        "\"",
        "\\",
        "\n",
        "\u{1}",
        "é",
        "plain words, sixteen",
        "/",
    ];
    // A generator of numbers, so that each run tries the same texts.
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    for _ in 0..20_000 {
        let count = next() % 40;
        let text: String = (0..count).map(|_| kinds[next() % kinds.len()]).collect();
        let mut json = Vec::new();
        write_json_string(&mut json, &text);
        assert_eq!(json, serde_json::to_vec(&text).unwrap(), "{text:?}");
        let mut read = Vec::new();
        let length = read_json_text(&mut read, &json[1..]);
        // It stops at what it does not read itself.
        let (known, _) = text.split_once('\u{1}').unwrap_or((&text, ""));
        assert_eq!(read, known.as_bytes(), "{text:?}");
        assert!(matches!(json[1 + length], b'"' | b'\\'));
        let plain = json[1..].iter().take_while(|b| !matches!(b, b'"' | b'\\'));
        assert_eq!(plain_json(&json[1..]), plain.count());
    }
}
