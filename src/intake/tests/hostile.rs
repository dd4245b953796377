//! Bytes that nobody wrote in good faith.

use proptest::prelude::*;

use super::*;

const ROW: &[u8] = b"INDICATOR,TIME_PERIOD,OBS_VALUE,SEX,COMMENT_OBS\n";

fn hostile(rest: &[u8]) -> Taken {
    read(&mut [ROW, rest].concat().as_slice(), None, &SPAIN)
}

#[test]
fn hostile_rows_are_refused_with_their_line() {
    let huge = [b"MF_IMM_PREV,2017,".as_slice(), &vec![b'9'; 2 * MAX_ROW_BYTES], b",F,\n"].concat();
    let open = [b"MF_IMM_PREV,2017,1,F,\"".as_slice(), &b"x\n".repeat(MAX_ROW_BYTES)].concat();
    for (rest, said) in [
        (huge.as_slice(), "line 2: the row is longer than 256 KiB"),
        (open.as_slice(), "line 2: the row is longer than 256 KiB"),
        (b"MF_IMM_PREV,2017,1,\xff,\n", "line 2, column SEX: the text is not UTF-8"),
        (b"MF_IMM_PREV,2017,\xff,F,\n", "line 2, column OBS_VALUE: the text is not UTF-8"),
        (b"MF_IMM_PREV,\xff,1,F,\n", "line 2, column TIME_PERIOD: the text is not UTF-8"),
        (b"MF_IMM_PREV,2017,1,F,\xff\n", "line 2, column COMMENT_OBS: the text is not UTF-8"),
        (b"MF_IMM_PREV,2017,1,F\0,\n", "line 2, column SEX: code"),
        (b"MF_IMM_PREV,2017,1\0,F,\n", "line 2, column OBS_VALUE: number"),
        (b"MF_IMM_PREV,2017,1,F,a\0b\n", "line 2, column COMMENT_OBS: attribute"),
        (b"MF_IMM_PREV,2017,99999999999999999999999999999999,F,\n", "line 2, column OBS_VALUE: number"),
    ] {
        let report = hostile(rest);
        assert!(errors(&report)[0].starts_with(said), "{said}\n{:?}", errors(&report));
        assert!(report.series.is_empty());
    }
}

#[test]
fn a_file_that_never_ends_a_row_is_not_buffered_whole() {
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'x');
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }
    let mut endless = Endless(0);
    assert!(!read(&mut endless, None, &SPAIN).is_accepted());
    assert!(endless.0 < 2 * MAX_ROW_BYTES as u64, "{}", endless.0);
}

#[test]
fn a_disk_that_fails_refuses_the_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let mut file = TIDY.as_bytes().chain(Failing);
    let report = read(&mut file, None, &SPAIN);
    assert!(!report.is_accepted() && report.series.is_empty());
    assert!(lines(&report)[0].contains("the disk is gone"), "{:?}", lines(&report));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let report = read(&mut bytes.as_slice(), None, &SPAIN);
        prop_assert!(report.is_accepted() || report.series.is_empty());
    }

    #[test]
    fn no_rows_make_the_reader_panic(rest in "([A-Z_,\"\r\n;0-9.\u{0}é-]|MF_IMM_PREV,2017,1,F,\n){0,80}") {
        let report = hostile(rest.as_bytes());
        prop_assert!(report.is_accepted() || report.series.is_empty());
        prop_assert!(report.findings.len() <= MAX_FINDINGS + 1);
    }

    #[test]
    fn no_text_makes_the_mapping_parser_panic(text in "(\\[(columns|values|value|wide)\\]|[A-Z_]{1,12}|[ ='\"\n{}.a-z]){0,60}") {
        let _refused_or_not = Mapping::parse(&text);
    }

    #[test]
    fn values_come_out_as_they_went_in(values in proptest::collection::vec(0_u64..1_000_000_000, 1..60)) {
        let rows: String = values.iter().enumerate()
            .map(|(n, v)| format!("MF_IMM_PREV,{},{v},F,\n", 1900 + n)).rev().collect();
        let report = hostile(rows.as_bytes());
        prop_assert!(report.is_accepted(), "{:?}", lines(&report));
        let out: Vec<String> = report.series[0].observations().iter()
            .filter_map(|o| o.value()).map(|v| v.to_string()).collect();
        prop_assert_eq!(out, values.iter().map(u64::to_string).collect::<Vec<_>>());
    }
}
