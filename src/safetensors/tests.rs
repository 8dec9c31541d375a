use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, panic, vec};

use super::weights::require;
use super::*;
use crate::BatchNorm;

const TINY: &[u8] = include_bytes!("../../tests/data/tiny.safetensors");
const NAMES: [&str; 8] = [
    "bn.bias",
    "bn.num_batches_tracked",
    "bn.running_mean",
    "bn.running_var",
    "bn.weight",
    "conv.bias",
    "conv.weight",
    "quantized",
];

/// A file of that header, followed by `data` bytes that count up.
fn file(header: &str, data: u8) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend(0..data);
    file
}

/// What `find` says about tensor `a` if this is its entry, in front of eight bytes of data.
fn entry(entry: &str) -> Result<usize, SafetensorsError> {
    find(&file(&format!(r#"{{"a":{entry}}}"#), 8), "a").map(|view| view.elements())
}

/// Whether `find` finds tensor `name`, of eight bytes, behind `key` of the header.
fn finds(key: &str, name: &str) -> bool {
    let entry = r#"{"dtype":"U8","shape":[8],"data_offsets":[0,8]}"#;
    find(&file(&format!(r#"{{"{key}":{entry}}}"#), 8), name).is_ok()
}

const fn is_malformed<T>(result: &Result<T, SafetensorsError>) -> bool {
    matches!(result, Err(SafetensorsError::Malformed { .. }))
}

#[test]
fn macros_give_what_the_file_holds() {
    static WEIGHT: &[[[[f32; 3]; 3]; 1]; 2] =
        &crate::weights!("../../tests/data/tiny.safetensors", "conv.weight");
    static BN: BatchNorm<'static> = BatchNorm::new(
        &crate::weights!("../../tests/data/tiny.safetensors", "bn.running_mean"),
        &crate::weights!(
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors"),
            "bn.running_var",
        ),
    );
    static BN_AFFINE: &BatchNorm<'static> =
        &crate::batch_norm!("../../tests/data/tiny.safetensors", "bn");

    let centre = [[0.0; 3], [0.0, 2.0, 0.0], [0.0; 3]];
    assert_eq!(*WEIGHT, [[[[1.0; 3]; 3]], [centre]]);
    assert_eq!(
        crate::weights!("../../tests/data/tiny.safetensors", "quantized"),
        [[-128, -1, 0], [1, 2, 127]]
    );
    assert_eq!(BN, BatchNorm::new(&[9.0, 2.0], &[1.0, 4.0]));
    assert_eq!(*BN_AFFINE, BN.affine(&[1.0, 2.0], &[0.0, 1.0]));
}

#[test]
fn batch_norm_without_affine_has_no_weight() {
    let view = weights::require_or_empty(TINY, "bn.gamma", "");
    assert_eq!((view.shape(), view.elements()), (&[0][..], 0));
    assert_eq!(weights::some_unless_empty(&[]), None);
}

#[test]
fn every_dtype_and_rank_is_read() {
    fn view(file: &[u8]) -> TensorView<'_> {
        find(file, "a").unwrap()
    }
    fn entry(dtype: &str, shape: &str) -> Vec<u8> {
        let header =
            format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,8]}}}}"#);
        file(&header, 8)
    }

    let (f32, i32) = (entry("F32", "[2]"), entry("I32", "[1,2,1]"));
    let (i8, u8) = (entry("I8", "[2,2,2,1]"), entry("U8", "[2,4]"));
    let (mut a, mut b, mut c, mut d) = ([0.0; 2], [0; 2], [0; 8], [0; 8]);
    view(&f32).copy_f32(&mut a).unwrap();
    view(&i32).copy_i32(&mut b).unwrap();
    view(&i8).copy_i8(&mut c).unwrap();
    view(&u8).copy_u8(&mut d).unwrap();
    assert_eq!(a.map(f32::to_bits), [0x0302_0100, 0x0706_0504]);
    assert_eq!(b, [0x0302_0100, 0x0706_0504]);
    assert_eq!(c, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(d, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(view(&i8).shape(), [2, 2, 2, 1]);
    assert_eq!(view(&i8).bytes(), d);

    let scalar = file(
        r#"{"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}"#,
        8,
    );
    let mut e = [0.0];
    view(&scalar).copy_f32(&mut e).unwrap();
    assert_eq!(e[0].to_bits(), 0x0706_0504);

    assert_eq!(
        view(&u8).copy_i8(&mut c),
        Err(SafetensorsError::WrongDtype { expected: Dtype::I8, actual: Dtype::U8 })
    );
    assert_eq!(
        view(&f32).copy_f32(&mut [0.0; 3]),
        Err(SafetensorsError::Length { expected: 2, actual: 3 })
    );
}

#[test]
fn json_may_be_written_in_any_way() {
    let header = r#"{
        "__metadata__" : { "a" : "\"b\":{\"dtype\":\"}}", "x": {"a": [1, {"shape": null}, -2.5e+3]} },
        "b\u0061" : {"data_offsets": [ 0,2], "data_\u006ffset": null},
        "a" : { "data_offsets" : [ 2 , 6 ], "extra" : [{"dtype": "U8"}, true, "}"],
                "shape":[ 1,	4 ] , "d\u0074ype":"\u0055\u0038" }
    }   "#;
    assert_eq!(find(&file(header, 6), "a").unwrap().bytes(), [2, 3, 4, 5]);
    assert_eq!(find(&file(header, 6), "b"), Err(SafetensorsError::NotFound));
    assert_eq!(find(&file(header, 6), "x"), Err(SafetensorsError::NotFound));
    assert_eq!(find(&file(header, 6), "__metadata__"), Err(SafetensorsError::NotFound));
    assert_eq!(find(&file("{}", 0), "a"), Err(SafetensorsError::NotFound));
}

#[test]
fn names_are_compared_unescaped() {
    assert!(finds(r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"));
    assert!(finds(r"\u00e9\u20AC\ud83E\uDD80é€🦀", "é€🦀é€🦀"));
    assert!(finds("", ""));
    assert!(!finds("a", ""));
    assert!(!finds("", "a"));
    assert!(!finds(r"\u00e9", "\u{c3}"));
    assert!(!finds("conv", "conv.weight"));
    assert!(!finds("conv.weight", "conv"));
    for key in [r"\x", r"\u12", r"\u12g4", r"\ud800", r"\ud800\n", r"\ud800\u0041", r"\udc00", "\n"]
    {
        assert!(is_malformed(&find(&file(&format!(r#"{{"{key}":{{}}}}"#), 0), "a")), "{key}");
    }
}

#[test]
fn an_entry_is_checked_against_the_file() {
    use SafetensorsError::{
        OutOfBounds, Overflow, RankTooLarge, TrailingBytes, UnsupportedDtype, WrongSize,
    };
    let with = |dtype: &str, shape: &str, offsets: &str| {
        entry(&format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}"#))
    };

    assert_eq!(with("F32", "[1,2]", "[0,8]"), Ok(2));
    assert_eq!(with("F32", "[2,0,3]", "[8,8]"), Err(TrailingBytes { count: 8 }));
    assert_eq!(with("BF16", "[4]", "[0,8]"), Err(UnsupportedDtype("BF16")));
    assert_eq!(with("Q4", "[4]", "[0,8]"), Err(UnsupportedDtype("of unknown name")));
    assert_eq!(with("U8", "[1,1,1,1,8]", "[0,8]"), Err(RankTooLarge { rank: 5 }));
    let sizes = |expected, actual| Err(WrongSize { expected, actual });
    assert_eq!(with("F32", "[3]", "[0,8]"), sizes(12, 8));
    assert_eq!(with("F32", "[]", "[0,8]"), sizes(4, 8));
    assert_eq!(with("I8", "[3]", "[4,8]"), sizes(3, 4));
    let outside = |data_offsets| Err(OutOfBounds { data_offsets, available: 8 });
    assert_eq!(with("U8", "[8]", "[1,9]"), outside([1, 9]));
    assert_eq!(with("U8", "[4]", "[8,4]"), outside([8, 4]));
    assert_eq!(with("U8", "[4]", "[9,4]"), outside([9, 4]));
    let max = usize::MAX;
    assert_eq!(with("U8", "[8]", &format!("[0,{max}]")), outside([0, max]));
    assert_eq!(with("U8", "[8]", &format!("[0,{max}0]")), Err(Overflow));
    assert_eq!(with("U8", &format!("[{max}]"), "[0,8]"), Err(Overflow));
    assert_eq!(with("U8", &format!("[{max},{max}]"), "[0,8]"), Err(Overflow));
    assert_eq!(with("F32", &format!("[{}]", max / 4 + 2), "[0,4]"), Err(Overflow));
}

#[test]
fn what_is_no_entry_is_malformed() {
    const WHOLE: &str = r#"{"dtype":"U8","shape":[8],"data_offsets":[0,8]}"#;
    assert_eq!(entry(WHOLE), Ok(8));
    for (from, to) in [
        (WHOLE, "[]"),
        (WHOLE, "null"),
        (r#""dtype":"U8","#, ""),
        (r#""dtype":"U8","#, r#""dtype":"U8","dtype":"U8","#),
        (r#""shape":[8],"#, r#""shape":[8],"shape":[8],"#),
        (r#""shape":[8],"#, ""),
        (r#","data_offsets":[0,8]"#, ""),
        ("[0,8]", "[0,8,8]"),
        ("[0,8]", "[8]"),
        ("[0,8]", "[0 8]"),
        ("[0,8]", "[0,8"),
        ("[8]", "8"),
        ("[8]", "[08]"),
        ("[8]", "[8,]"),
        ("[8]", "[8.0]"),
        ("[8]", "[-8]"),
        ("[8]", r#"["8"]"#),
        ("[8]", "[[8]]"),
        (r#""U8""#, "8"),
        (r#","shape""#, r#""shape""#),
        (r#","shape""#, r#",,"shape""#),
        (r#""shape":"#, r#""shape""#),
        ("8]}", "8],}"),
        ("8]}", "8]}}"),
        ("8]}", r#"8]},"b":]"#),
        ("8]}", r#"8]},"b":{}"#),
        ("8]}", r#"8]},"b":[]"#),
        ("8]}", r#"8]},"b":{"data_offsets":[8]}"#),
        ("8]}", r#"8]},"b":{"data_offsets":[8,8],"data_offsets":[8,8]}"#),
        ("8]}", r#"8]},"b":[[}"#),
    ] {
        let changed = WHOLE.replacen(from, to, 1);
        assert!(is_malformed(&entry(&changed)), "{changed}");
    }
    for header in ["", " ", "[]", " {}", "{}x", "{", "{,}", "\u{feff}{}"] {
        assert!(is_malformed(&find(&file(header, 0), "a")), "{header:?}");
    }
    let mut not_utf8 = file(r#"{"?":1}"#, 0);
    not_utf8[10] = 0xff;
    assert!(is_malformed(&find(&not_utf8, "a")));
}

#[test]
fn deep_nesting_needs_no_stack() {
    let brackets = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let header = format!(r#"{{"b":{{"c":{brackets},"data_offsets":[0,0]}}}}"#);
    assert_eq!(find(&file(&header, 0), "a"), Err(SafetensorsError::NotFound));
    assert!(is_malformed(&find(&file(&header, 0), "b")));
    assert!(is_malformed(&find(&file(&header.replace("]}", "}"), 0), "a")));
}

/// Whatever `find` returns lies inside the file, and what it does not find gets a sentence.
fn check_hostile(file: &[u8]) {
    for name in NAMES {
        match find(file, name) {
            Ok(view) => {
                assert!(file.as_ptr_range().start <= view.bytes().as_ptr_range().start);
                assert!(view.bytes().as_ptr_range().end <= file.as_ptr_range().end);
                assert_eq!(view.bytes().len(), view.elements() * view.dtype().size());
                assert_eq!(view.elements(), view.shape().iter().product::<usize>());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let _ = explain::closest(file, "bn.weigth");
}

#[test]
fn every_prefix_is_refused_or_read() {
    let header = 8 + TINY[0] as usize + ((TINY[1] as usize) << 8);
    for len in 0..TINY.len() {
        check_hostile(&TINY[..len]);
        if len < header {
            let expected = if len < 8 { 8 } else { header as u64 };
            let truncated = SafetensorsError::Truncated { expected, actual: len };
            assert_eq!(find(&TINY[..len], "conv.bias"), Err(truncated));
        }
    }
    // A header cut off, but of the length it says.
    let header = core::str::from_utf8(&TINY[8..header]).unwrap().trim_end();
    for len in 0..header.len() {
        let cut = file(&header[..len], 255);
        check_hostile(&cut);
        assert!(is_malformed(&find(&cut, "conv.bias")), "{len}");
    }
}

#[test]
fn every_corrupt_byte_is_refused_or_read() {
    let mut file = TINY.to_vec();
    for at in 0..file.len() {
        for byte in 0..=255 {
            file[at] = byte;
            check_hostile(&file);
        }
        file[at] = TINY[at];
    }
}

/// The sentence with which the compiler would stop.
fn sentence(bytes: &'static [u8], name: &str, file: &str) -> String {
    let panic = panic::catch_unwind(|| require(bytes, name, file)).unwrap_err();
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}

#[test]
fn the_compiler_says_what_is_wrong_where() {
    assert_eq!(
        sentence(TINY, "conv.wieght", "tiny.safetensors"),
        "no tensor \"conv.wieght\" in \"tiny.safetensors\"; \
         closest of its 8 names: \"conv.weight\""
    );
    assert_eq!(
        sentence(TINY, "bn.num_batches_tracked", "tiny.safetensors"),
        "the tensor's dtype is I64; supported are F32, I8, I32 and U8: \
         \"bn.num_batches_tracked\" in \"tiny.safetensors\""
    );
    assert_eq!(
        sentence(b"\x02\0\0\0\0\0\0\0{}", "a", "b"),
        "no tensor \"a\" in \"b\", which has none at all"
    );
    assert_eq!(
        sentence(b"\x02\0\0\0\0\0\0\0{", "a", "b"),
        "the file is cut off: its header ends at byte 10, the file has 9: \"a\" in \"b\""
    );
}

#[test]
fn long_names_are_cut_between_characters() {
    let name = "é".repeat(100);
    for pad in ["", "x"] {
        let name = format!("{pad}{name}");
        let sentence = sentence(TINY, &name, &format!("{name}/tiny.safetensors"));
        assert!(sentence.starts_with(&format!("no tensor \"{pad}éé")), "{sentence}");
        assert!(sentence.contains("é/tiny.safetensors\"; closest"), "{sentence}");
        assert!(sentence.ends_with("\""), "{sentence}");
    }
}

/// The sentence about a file of these entries and that many bytes of data, looking for `a`.
fn about(entries: &[(&str, usize, usize)], data: u8) -> String {
    let entry = |&(name, begin, end): &(&str, usize, usize)| {
        let len = end.saturating_sub(begin);
        format!(r#""{name}":{{"dtype":"U8","shape":[{len}],"data_offsets":[{begin},{end}]}}"#)
    };
    let header: Vec<_> = entries.iter().map(entry).collect();
    let file = file(&format!("{{{}}}", header.join(",")), data);
    let result = find(&file, "a");
    result.map_or_else(|error| error.to_string(), |_| "found".into())
}

#[test]
fn a_file_is_its_tensors_and_nothing_else() {
    assert_eq!(about(&[("a", 0, 4), ("b", 4, 8)], 8), "found");
    assert_eq!(about(&[("b", 4, 8), ("a", 0, 4)], 8), "found");
    assert_eq!(about(&[("b", 4, 4), ("a", 0, 4), ("c", 0, 0), ("d", 4, 8)], 8), "found");
    for (entries, data, want) in [
        (
            &[("b", 0, 4), ("a", 4, 8), ("b", 8, 12)][..],
            12,
            "two tensors of the file have the same name",
        ),
        (&[("a", 0, 4), ("a", 4, 8)], 8, "two tensors of the file have the same name"),
        (
            &[("b", 0, 4), ("a", 4, 8), (r"\u0062", 8, 12)],
            12,
            "two tensors of the file have the same name",
        ),
        (
            &[("a", 0, 4), ("b", 3, 8)],
            8,
            "two tensors of the file overlap: bytes [0, 4] and [3, 8] of its data",
        ),
        (
            &[("a", 0, 4), ("b", 0, 4)],
            4,
            "two tensors of the file overlap: bytes [0, 4] and [0, 4] of its data",
        ),
        (
            &[("a", 0, 8), ("b", 2, 4)],
            8,
            "two tensors of the file overlap: bytes [0, 8] and [2, 4] of its data",
        ),
        (
            &[("a", 0, 4), ("b", 5, 8)],
            8,
            "the file has data that belongs to no tensor: from byte 4 on",
        ),
        (
            &[("a", 1, 4), ("b", 4, 8)],
            8,
            "the file has data that belongs to no tensor: from byte 0 on",
        ),
        (
            &[("a", 0, 4), ("b", 4, 8)],
            9,
            "the file does not end with its last tensor: 1 bytes follow",
        ),
        (&[("a", 0, 4)], 200, "the file does not end with its last tensor: 196 bytes follow"),
        (
            &[("a", 0, 4), ("b", 4, 9)],
            8,
            "a tensor's data_offsets [4, 9] do not lie in the file's 8 bytes of data",
        ),
    ] {
        assert_eq!(about(entries, data), want, "{entries:?}");
    }
}

/// Of many tensors, too: more than are compared at a time.
#[test]
fn many_tensors() {
    let names: Vec<String> = (0..300).map(|index| format!("layer.{index}.weight")).collect();
    let mut entries: Vec<_> = vec![("a", 0, 0)];
    entries.extend(names.iter().map(|name| (name.as_str(), 0, 0)));
    assert_eq!(about(&entries, 0), "found");
    for (first, second) in [(1, 2), (1, 300), (7, 200), (298, 300), (250, 299), (100, 101)] {
        let mut entries = entries.clone();
        entries[second].0 = entries[first].0;
        assert_eq!(about(&entries, 0), "two tensors of the file have the same name");
    }
}
