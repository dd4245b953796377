//! Signatures that others have thought of: RFC 8032, Wycheproof, and keys and points that should not exist.

use serde_json::Value;

use super::*;

/// A case: public key, message, signature, whether it verifies, what it is about.
struct Case {
    key: PublicKey,
    message: Vec<u8>,
    /// `None` when it has not the length of a signature.
    signature: Option<Signature>,
    verifies: bool,
    about: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn key_of(hex: &str) -> PublicKey {
    PublicKey(bytes(hex).try_into().unwrap())
}

fn cases(list: &str) -> Vec<Case> {
    let all: Value = serde_json::from_str(include_str!("../../../tests/vectors/ed25519.json")).unwrap();
    let case = |case: &Value| {
        let text = |at: usize| case[at].as_str().unwrap();
        Case {
            key: key_of(text(0)),
            message: bytes(text(1)),
            signature: bytes(text(2)).try_into().ok().map(Signature),
            verifies: case[3].as_bool().unwrap(),
            about: text(4).to_owned(),
        }
    };
    all[list].as_array().unwrap().iter().map(case).collect()
}

/// The points of small order in every encoding that a decoder might take.
const SMALL_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn signatures_verify_as_wycheproof_says() {
    let cases = cases("wycheproof");
    assert!(cases.len() >= 150, "{} cases", cases.len());
    for case in cases {
        let verifies = case.signature.is_some_and(|one| case.key.verify_message(&case.message, &one).is_ok());
        assert_eq!(verifies, case.verifies, "{}", case.about);
        assert!(!verifies || case.key.is_sound(), "{}", case.about);
    }
}

#[test]
fn nothing_of_small_order_or_mixed_order_or_large_counts() {
    for case in cases("speccheck") {
        let signature = case.signature.expect("of the right length");
        let verifies = case.key.verify_message(&case.message, &signature).is_ok();
        assert_eq!(verifies, case.verifies, "{}", case.about);
        // What the strict equation alone would take has a key that nobody trusts.
        assert!(!(verifies && case.key.is_sound()), "{}", case.about);
    }
}

#[test]
fn rfc_8032_vectors_are_signed_and_verify() {
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let seed: [u8; 32] = bytes(seed).try_into().unwrap();
        let secret = SecretKey::from_seed(&Zeroizing::new(seed));
        assert_eq!(secret.public_key(), key_of(public));
        assert!(secret.public_key().is_sound());
        let signed = secret.sign_message(&bytes(message));
        assert_eq!(signed.0.as_slice(), bytes(signature));
        assert_eq!(secret.public_key().verify_message(&bytes(message), &signed), Ok(()));
    }
}

/// With S = 0 and R the identity, any message "verifies" under the equation of a key of small order.
#[test]
fn a_key_of_small_order_signs_nothing_and_is_not_sound() {
    for hex in SMALL_ORDER {
        let weak = key_of(hex);
        assert!(!weak.is_sound(), "{hex}");
        for r in SMALL_ORDER {
            let mut forged = [0; 64];
            forged[..32].copy_from_slice(&bytes(r));
            for message in 0_u8..32 {
                assert!(weak.verify_message(&[message], &Signature(forged)).is_err(), "{hex} {r}");
            }
        }
    }
}

#[test]
fn the_same_signature_in_another_form_is_refused() {
    /// The order of the group, little-endian.
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let secret = SecretKey::from_seed(&Zeroizing::new([7; 32]));
    let signature = secret.sign_message(b"body");
    let mut carry = 0;
    let mut larger = signature;
    for (byte, add) in larger.0[32..].iter_mut().zip(bytes(ORDER)) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(secret.public_key().verify_message(b"body", &signature), Ok(()));
    assert!(secret.public_key().verify_message(b"body", &larger).is_err(), "S + L is S");
    for bit in 0..3 {
        let mut high = signature;
        high.0[63] |= 0x20 << bit;
        assert!(secret.public_key().verify_message(b"body", &high).is_err());
    }
}

/// A key that is written as another number of the same value would be another publisher with the same key.
#[test]
fn a_key_in_another_than_its_one_form_is_not_sound() {
    let prime = "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let mut points = 0;
    for y in 0_u8..19 {
        let mut plain = [0; 32];
        plain[0] = y;
        let mut written = bytes(prime);
        written[0] += y;
        for sign in [0, 0x80] {
            let (mut plain, mut written) = (plain, written.clone());
            plain[31] |= sign;
            written[31] |= sign;
            let written = PublicKey(written.try_into().unwrap());
            points += u32::from(VerifyingKey::from_bytes(&written.0).is_ok());
            assert!(!written.is_sound(), "{y} and the prime");
            assert!(plain != written.0);
        }
    }
    assert!(points > 4, "the library takes none of them: nothing was tested");
}
