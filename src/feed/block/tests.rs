//! Blocks in every coding: there and back, and nothing else than what the table lists.

use super::*;
use crate::feed::testing::{KEY, document, numbered_series, series};

fn coded(records: &[Record]) -> CodedBlock {
    let mut block = OpenBlock::default();
    records.iter().for_each(|one| block.push(one).unwrap());
    BlockCoder::default().code(&block)
}

/// The same block under each coding that readers know.
fn codings(records: &[Record]) -> Vec<Vec<u8>> {
    let plain: Vec<u8> = records.iter().flat_map(record::encode).collect();
    let zstd = zstd::bulk::compress(&plain, LEVEL).unwrap();
    vec![
        [&[CODING_PLAIN], plain.as_slice()].concat(),
        [&[CODING_ZSTD], zstd.as_slice()].concat(),
        coded(records).body,
    ]
}

#[test]
fn a_block_is_coded_by_what_it_holds() {
    let table: Vec<Record> = (0..20).map(numbered_series).collect();
    let mixed = [table.as_slice(), &[document("d", vec![0; 100])]].concat();
    let noise: Vec<u8> = (0..200_u32).map(|n| Hash::of(&[&n.to_le_bytes()]).0[0]).collect();
    let cases = [
        ("a table", table.as_slice(), CODING_COLUMNS),
        ("series and a document", mixed.as_slice(), CODING_ZSTD),
        ("few series", &table[..WORTH_COLUMNS - 1], CODING_ZSTD),
        ("noise", &[document("d", noise)], CODING_PLAIN),
    ];
    for (name, records, coding) in cases {
        assert_eq!(coded(records).body[0], coding, "{name}");
    }
}

#[test]
fn every_coding_of_a_block_opens_to_the_same() {
    let records: Vec<Record> = (0..20).map(numbered_series).collect();
    let (row, mut reader) = (coded(&records).row, BlockReader::default());
    let plain: Vec<u8> = records.iter().flat_map(record::encode).collect();
    for body in codings(&records) {
        assert_eq!(reader.open(&body, &row), Ok(plain.clone()));
        let (bytes, list) = reader.open_records(&body, &row).unwrap();
        assert_eq!((bytes.bytes(), bytes.records().len(), &list), (plain.as_slice(), 20, &records));
        let opened = Opened::of(&body, &mut reader).unwrap();
        assert_eq!((opened.row, opened.leaves, opened.is_in_order), (row, bytes.leaves(), true));
        assert_eq!(opened.first.as_key(), records[0].sort_key());
        assert_eq!(opened.last.as_key(), records[19].sort_key());
        let other = BlockInfo { hash: [7; 32], ..row };
        assert_eq!(reader.open(&body, &other), Err(other_than_listed()));
        assert_eq!(reader.open_records(&body, &other).map(|_| ()), Err(other_than_listed()));
    }
}

#[test]
fn every_flipped_bit_of_a_block_is_found_whatever_its_coding() {
    let records: Vec<Record> =
        (0..10).map(|n| series(&KEY.replace("ESP", ["ESP", "ITA"][n % 2]), &[("2017", n as i64)])).collect();
    let records: Vec<Record> = records.into_iter().chain((0..10).map(numbered_series)).collect();
    let (row, mut reader) = (coded(&records).row, BlockReader::default());
    let plain = reader.open(&codings(&records)[0], &row).unwrap();
    for body in codings(&records) {
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut bad = body.clone();
                bad[at] ^= 1 << bit;
                // Compressed bytes have bits that mean nothing; then what is opened is what was signed.
                assert!(
                    reader.open(&bad, &row).is_ok_and(|found| found == plain)
                        || reader.open(&bad, &row).is_err()
                );
                if body[0] == CODING_PLAIN {
                    assert!(reader.open(&bad, &row).is_err(), "bit {bit} of byte {at}");
                }
            }
        }
    }
}

#[test]
fn what_unpacks_to_more_than_a_block_is_refused() {
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap();
    for coding in [CODING_ZSTD, CODING_COLUMNS] {
        let body = [&[coding], bomb.as_slice()].concat();
        assert!(body.len() < MAX_PLAIN);
        assert_eq!(BlockReader::default().decode(&body), Err(CodecError::Malformed));
    }
    assert_eq!(BlockReader::default().decode(&[]), Err(CodecError::Short));
    assert!(BlockReader::default().decode(&[9, 0]).is_err());
    assert!(Opened::of(&[CODING_PLAIN], &mut BlockReader::default()).is_err(), "a block without records");
}

#[test]
fn a_block_that_is_not_compressed_is_no_longer_than_any_other() {
    let coded = |length: usize| [&[CODING_PLAIN], vec![0; length].as_slice()].concat();
    assert_eq!(BlockReader::default().decode(&coded(MAX_PLAIN)).map(|plain| plain.len()), Ok(MAX_PLAIN));
    assert_eq!(BlockReader::default().decode(&coded(MAX_PLAIN + 1)), Err(CodecError::TooLarge));
}
