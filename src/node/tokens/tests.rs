//! Tokens folded from acts.

use super::*;

fn create(hash: Hash, name: &str, expires: Millis) -> Vec<u8> {
    let act = json!({
        "act": "token create", "who": "uid 0", "from": "socket", "outcome": "done",
        "name": name, "token": hash.to_hex(), "expires_at": expires.to_string(),
    });
    act.to_string().into_bytes()
}

fn revoke(hash: Hash) -> Vec<u8> {
    json!({ "act": "token revoke", "who": "uid 0", "token": hash.to_hex() }).to_string().into_bytes()
}

#[test]
fn a_token_holds_from_its_act_to_its_term() {
    let (hash, mut tokens) = (Hash([7; 32]), Tokens::default());
    assert!(tokens.holding(&hash, Millis(5)).is_none(), "nobody made it");
    tokens.take(&create(hash, "portal", Millis(1_000_000)), Millis(0));
    assert_eq!(tokens.holding(&hash, Millis(999_999)).unwrap().1.name, "portal");
    assert!(tokens.holding(&hash, Millis(1_000_000)).is_none(), "its term is over");
    for place in 0..32 {
        let mut other = hash;
        other.0[place] ^= 1;
        assert!(tokens.holding(&other, Millis(5)).is_none(), "another token, at byte {place}");
    }
}

#[test]
fn a_revoked_token_holds_no_longer_also_when_it_is_made_known_again() {
    let (hash, mut tokens) = (Hash([7; 32]), Tokens::default());
    tokens.take(&create(hash, "portal", Millis(1_000_000)), Millis(0));
    tokens.take(&revoke(hash), Millis(10));
    tokens.take(&revoke(hash), Millis(20));
    tokens.take(&create(hash, "portal", Millis(1_000_000)), Millis(25));
    assert!(tokens.holding(&hash, Millis(30)).is_none());
    let row = tokens.0[&hash].row(&hash, Millis(30));
    assert_eq!((&row["state"], &row["revoked_at"]), (&json!("revoked"), &json!(Millis(10).to_string())));
}

#[test]
fn a_term_that_cannot_be_read_has_ended() {
    let mut tokens = Tokens::default();
    let act =
        json!({ "act": "token create", "who": "x", "token": Hash([1; 32]).to_hex(), "expires_at": "never" });
    tokens.take(act.to_string().as_bytes(), Millis(0));
    assert!(tokens.holding(&Hash([1; 32]), Millis(1)).is_none());
}

#[test]
fn what_is_remembered_is_bounded_and_what_holds_is_kept() {
    let mut tokens = Tokens::default();
    let kept = Hash([0xff; 32]);
    tokens.take(&create(kept, "kept", Millis(4_000_000_000_000)), Millis(0));
    for number in 0..2 * MAX_REMEMBERED {
        let hash = Hash::of(&[&number.to_le_bytes()]);
        tokens.take(&create(hash, "old", Millis(2)), Millis(10));
    }
    assert_eq!(tokens.0.len(), MAX_REMEMBERED);
    assert!(tokens.holding(&kept, Millis(20)).is_some());
}

#[test]
fn only_a_whole_token_has_a_hash() {
    let digits = "0123456789abcdef".repeat(4);
    assert!(hash_of(&format!("{PREFIX}{digits}")).is_some());
    for text in [
        digits.clone(),
        format!("{PREFIX}{}", &digits[1..]),
        format!("{PREFIX}{digits}0"),
        format!("{PREFIX}{}", digits.to_uppercase()),
        format!(" {PREFIX}{digits}"),
        PREFIX.to_owned(),
        String::new(),
    ] {
        assert_eq!(hash_of(&text), None, "{text:?}");
    }
}

#[test]
fn names_are_words() {
    for name in ["portal", "Ministère de l'intérieur".split('\'').next().unwrap(), "a.b@c-d_e 1"] {
        assert!(check_name(name).is_ok(), "{name:?}");
    }
    for name in ["", " portal", "portal\n", "a\u{7}", &"x".repeat(MAX_NAME + 1)] {
        assert!(check_name(name).is_err(), "{name:?}");
    }
}
