//! Decimals: what is read, what is refused, how they compare.

use proptest::prelude::*;

use super::*;

#[test]
fn plain_numbers_are_read_as_reported() {
    for (text, mantissa, scale, shown) in [
        ("0", 0, 0, "0"),
        ("7965", 7965, 0, "7965"),
        ("7965.0", 79_650, 1, "7965.0"),
        ("-12.50", -1250, 2, "-12.50"),
        ("+3", 3, 0, "3"),
        (".5", 5, 1, "0.5"),
        ("007", 7, 0, "7"),
        ("-0", 0, 0, "0"),
        ("-0.00", 0, 2, "0.00"),
        ("999999999999999999", 999_999_999_999_999_999, 0, "999999999999999999"),
        ("1000000000000000000", 1_000_000_000_000_000_000, 0, "1000000000000000000"),
        ("9999999999999999999999999999", MANTISSA_END as i128 - 1, 0, "9999999999999999999999999999"),
        ("0.0000000000000000000000000001", 1, 28, "0.0000000000000000000000000001"),
    ] {
        let number = Decimal::parse(text).unwrap();
        assert_eq!((number.mantissa(), number.scale()), (mantissa, scale), "{text}");
        assert_eq!(number.to_string(), shown);
        assert_eq!(Decimal::from_parts(mantissa, scale).unwrap(), number);
    }
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "",
        "-",
        "+",
        ".",
        "-.",
        "5.",
        "1e3",
        "1E3",
        "1,234",
        "1 234",
        "1'234",
        " 1",
        "1 ",
        "--1",
        "1.2.3",
        "NaN",
        "..",
        "--",
        "inf",
        "0x10",
        "１２",
        "10000000000000000000000000000",
        "0.00000000000000000000000000001",
    ] {
        assert!(Decimal::parse(text).is_err(), "{text:?}");
    }
    assert!(Decimal::parse(&"9".repeat(100_000)).is_err());
    assert!(Decimal::from_parts(i128::MIN, 0).is_err());
    assert!(Decimal::from_parts(1, 29).is_err());
}

#[test]
fn the_scale_tells_equal_numbers_apart() {
    let (one, one_point_zero) = (Decimal::parse("1").unwrap(), Decimal::parse("1.0").unwrap());
    assert_ne!(one, one_point_zero);
    assert!(one.same_value(&one_point_zero));
    assert!(one < one_point_zero, "of equal numbers the shorter stands first");
    let order = ["-2", "-1.5", "0", "0.0", "0.1", "1", "10"].map(|t| Decimal::parse(t).unwrap());
    assert!(order.is_sorted());
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Decimal::parse(&text);
    }

    #[test]
    fn number_like_text_never_panics(text in "[-+]?[0-9.,eE]{0,40}") {
        let _ = Decimal::parse(&text);
    }

    #[test]
    fn what_is_written_is_read_back(mantissa in -(10_i128.pow(28) - 1)..10_i128.pow(28), scale in 0_u8..=28) {
        let number = Decimal::from_parts(mantissa, scale).unwrap();
        prop_assert_eq!(Decimal::parse(&number.to_string()).unwrap(), number);
        prop_assert_eq!((number.mantissa(), number.scale()), (mantissa, scale));
    }
}
