//! The table of the front page, row by row.

use super::*;

fn other(session: u64, announced: u64) -> Candidate {
    Candidate { session: SessionId(session), is_publisher: false, is_slow: false, announced: Seq(announced) }
}

fn publisher(session: u64, announced: u64) -> Candidate {
    Candidate { is_publisher: true, ..other(session, announced) }
}

fn slow(candidate: Candidate) -> Candidate {
    Candidate { is_slow: true, ..candidate }
}

fn need(next: u64) -> Need {
    Need { next: Seq(next), in_entry: false, current: None }
}

fn from(session: u64, need: Need) -> Need {
    Need { current: Some(SessionId(session)), ..need }
}

fn in_entry(need: Need) -> Need {
    Need { in_entry: true, ..need }
}

#[test]
fn the_choice_is_the_one_in_the_table() {
    let cases: [(&str, Need, Vec<Candidate>, Option<u64>); 14] = [
        ("nobody is there", need(5), vec![], None),
        ("nobody has more", need(5), vec![other(1, 4)], None),
        ("somebody has more", need(5), vec![other(1, 4), other(2, 5)], Some(2)),
        ("the newest head", need(5), vec![other(1, 6), other(2, 9)], Some(2)),
        ("the older of two equal ones", need(5), vec![other(2, 9), other(1, 9)], Some(1)),
        ("the publisher before a newer head", need(5), vec![other(1, 9), publisher(2, 6)], Some(2)),
        ("the publisher though it has nothing new", need(5), vec![publisher(2, 4)], Some(2)),
        ("not the publisher who lacks it too", need(5), vec![other(1, 9), publisher(2, 4)], Some(1)),
        ("the one in use", from(1, need(5)), vec![other(1, 6), other(2, 9)], Some(1)),
        (
            "the publisher instead of the one in use",
            from(1, need(5)),
            vec![other(1, 6), publisher(2, 6)],
            Some(2),
        ),
        (
            "not in the middle of an entry",
            in_entry(from(1, need(5))),
            vec![other(1, 6), publisher(2, 6)],
            Some(1),
        ),
        ("not a slow one", from(1, need(5)), vec![slow(publisher(1, 9)), other(2, 6)], Some(2)),
        ("a slow one rather than none", from(1, need(5)), vec![slow(other(1, 9)), other(2, 4)], Some(1)),
        (
            "the one in use though others have more",
            from(1, need(5)),
            vec![publisher(1, 4), other(2, 9)],
            Some(1),
        ),
    ];
    for (name, need, candidates, expected) in cases {
        assert_eq!(choose(need, &candidates), expected.map(SessionId), "{name}");
        let turned: Vec<Candidate> = candidates.into_iter().rev().collect();
        assert_eq!(choose(need, &turned), expected.map(SessionId), "{name}, the other way round");
    }
}
