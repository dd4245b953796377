//! Registers and hosts.

use super::*;
use crate::insight::testing::{number, period, series};

#[test]
fn registers_stand_beside_hosts() {
    let register =
        |host: &str, place: &str| format!("Q.PHL.{host}.ES_CIT_REG.CIT._T._T._T._T._T._T._T.{place}.PS");
    let resident = |host: &str| format!("A.{host}.PHL.MS_FCIT.CIT._T._T._T._T._T._T._T._T.PS");
    let mut builder = Builder::default();
    for (key, values) in [
        (register("ITA", "_T"), &[("2025-Q4", "100"), ("2026-Q1", "120"), ("2026-Q2", "Q")][..]),
        (register("ITA", "C:IT-25"), &[("2026-Q1", "70")]),
        (register("CAN", "_T"), &[("2026-Q1", "Q")]),
        (register("_T", "_T"), &[("2026-Q1", "999")]),
        (resident("ITA"), &[("2024", "150"), ("2025", "160")]),
        (resident("ESP"), &[("2025", "30")]),
        (resident("ESP").replace("CIT._T", "CIT.F"), &[("2025", "20")]),
    ] {
        builder.add(&series(1, &key, values));
    }
    let hosts = builder.finish();
    assert_eq!(hosts.iter().map(|host| &*host.country).collect::<Vec<_>>(), ["ESP", "ITA"]);
    assert_eq!((hosts[0].registered, hosts[0].share), (None, None));
    let italy = &hosts[1];
    assert_eq!(italy.registered, Some((period("2026-Q1"), number("120"))), "what is suppressed stays away");
    assert_eq!(italy.resident, Some((period("2025"), number("160"))));
    assert_eq!(italy.share, Some(number("0.750")));
    assert_eq!(italy.regions, [("C:IT-25".to_owned(), (period("2026-Q1"), number("70")))]);
}
