//! Editions of the regional profile: eleven of sixteen sign the first, and it stays what it is when figures move.

use std::collections::BTreeSet;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use serde_json::{Value, json};

use super::{QUORUM, TITLE, find, in_parallel, list, newest, pages, region};

/// Signs when the figures have moved.
const LATE: &str = "ZWE";

/// The first edition as a node shows it.
fn first(node: &Government) -> Value {
    list(&region(node)["editions"]).into_iter().find(|one| one["edition"] == 1).unwrap_or_default()
}

/// How many of how many have signed, whether it is adopted, and what this node computes of the entries that they signed.
fn standing(node: &Government) -> Value {
    let one = first(node);
    let recomputed = &one["digests"][0]["recomputed"];
    json!([one["signed"], one["of"], one["adopted"], recomputed])
}

fn all_show(all: &[Government], expected: &Value) -> bool {
    in_parallel(all, standing).iter().all(|one| one == expected)
}

/// Eleven sign; all compute the same bytes.
pub(super) fn signed(
    all: &[Government],
    secretariat: &Government,
    checks: &mut Checks,
) -> anyhow::Result<String> {
    println!("\nB.4 {QUORUM} of sixteen sign the profile as edition 1.");
    let sign = ["region", TITLE, "--sign", "1"];
    let (status, said) = secretariat.try_ask(&sign)?;
    checks.is("the secretariat, which is no party, cannot sign it", status != 0, &said.to_string());
    for node in &all[..10] {
        node.ask(&sign)?;
    }
    checks.eventually("all sixteen show ten signatures, which do not adopt it", || {
        all_show(all, &json!([10, 16, false, "same"]))
    });
    let said = all[10].ask(&sign)?;
    checks.equal("with the eleventh it is adopted", &said["adopted"], true);
    checks.eventually(
        "all sixteen show: 11 of 16, adopted; and compute the digest of the same entries",
        || all_show(all, &json!([11, 16, true, "same"])),
    );
    let digests: BTreeSet<String> = all.iter().map(|node| first(node)["digest"].to_string()).collect();
    let today: BTreeSet<String> = all.iter().map(|node| region(node)["digest"].to_string()).collect();
    checks.is(
        "its digest is one, and that of today",
        digests.len() == 1 && digests == today,
        &format!("{digests:?}"),
    );
    let one = first(find(all, "ZMB"));
    let signers: Vec<Value> =
        list(&one["digests"][0]["signers"]).iter().map(|one| one["country"].clone()).collect();
    let expected: Vec<&str> = all[..11].iter().map(Government::country).collect();
    checks.equal("who has signed", &json!(signers), json!(expected));
    let others: Vec<&str> = all[11..].iter().map(Government::country).collect();
    checks.equal("who has not", &one["not_signed"], json!(others));
    checks.equal("its sum of 2024", &one["digests"][0]["totals"][0]["total"], "3606655");
    pages::edition(
        find(all, "ZAF"),
        ["Signed by 11 of 16:", "<strong>adopted</strong>", "give the same digest"],
        checks,
    )?;
    Ok(one["digest"].as_str().unwrap_or_default().to_owned())
}

/// The figures of the largest member are gone: edition 1 is what it was, and can still be signed.
pub(super) fn unchanged(all: &[Government], digest: &str, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.5 Edition 1 stays what it was.");
    let kept = in_parallel(all, |node| {
        let one = first(node);
        json!([
            one["digest"],
            one["signed"],
            one["adopted"],
            one["is_current"],
            one["digests"][0]["recomputed"]
        ])
    });
    let expected = json!([digest, 11, true, false, "same"]);
    checks.is(
        "all sixteen show it as adopted, with its digest, which is not that of today, and compute it again",
        kept.iter().all(|one| *one == expected),
        &json!(kept).to_string(),
    );
    let late = find(all, LATE);
    let said = late.ask(&["region", TITLE, "--sign", "1"])?;
    checks.equal(
        &format!("{LATE} signs what the eleven have signed, and not what it computes today"),
        &json!([said["digest"], said["as_of"]]),
        json!([digest, "what others signed"]),
    );
    checks.eventually("all sixteen show: 12 of 16", || all_show(all, &json!([12, 16, true, "same"])));
    let sums: BTreeSet<String> = in_parallel(all, |node| {
        json!([first(node)["digests"][0]["totals"][0]["total"], newest(&region(node))["total"]]).to_string()
    })
    .into_iter()
    .collect();
    let expected = json!(["3606655", "1516488"]).to_string();
    checks.is("its sum is 3 606 655, today's is 1 516 488", sums == [expected].into(), &format!("{sums:?}"));
    pages::edition(late, ["Signed by 12 of 16:", "<strong>adopted</strong>", "give another digest"], checks)
}

/// A member has left, and others have released more: who has signed edition 1 has signed it.
pub(super) fn after_all(all: &[Government], left: &str, digest: &str, checks: &mut Checks) {
    let others: Vec<&Government> = all.iter().filter(|node| node.country() != left).collect();
    let kept = in_parallel(&others, |node| {
        let one = first(node);
        json!([one["digest"], one["signed"], one["adopted"]])
    });
    checks.is(
        &format!("edition 1 is what it was, with the signature of {left}"),
        kept.iter().all(|one| *one == json!([digest, 12, true])),
        &json!(kept).to_string(),
    );
}
