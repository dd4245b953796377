//! What `doctor` says of keys: mandates that end soon, and national keys that lie where they are not needed.

use super::engine::Engine;
use super::mandates::SOON;
use crate::feed::{Card, Purpose};
use crate::store::keys::KeyName;

impl Engine {
    /// Warnings, each a sentence that says what to do. None of them makes a node unhealthy.
    pub(super) fn key_warnings(&self) -> Vec<String> {
        let (card, mut warnings) = (self.home.card(), Vec::new());
        if let Some(until) = self.ends_soon(card) {
            warnings.push(format!(
                "the mandate of our node key ends at {until}: `corridor key rotate` makes the next one"
            ));
        }
        for partner in self.house.partners() {
            if let Some(until) = self.ends_soon(partner) {
                let country = self.country_of(&partner.publisher());
                warnings.push(format!(
                    "the last mandate on the card of {country} ends at {until}: ask for a newer card"
                ));
            }
        }
        let dir = self.home.dir();
        let here =
            [KeyName::National, KeyName::NextNational].into_iter().filter(|name| name.path(dir).exists());
        let here: Vec<&str> = here.map(KeyName::file_name).collect();
        if !here.is_empty() {
            warnings.push(format!(
                "on this machine lie {}: daily work needs neither; keep them offline, and not both in one place",
                here.join(" and ")
            ));
        }
        if self.restart {
            warnings.push(
                "another node key signs than the one the daemon is reached under: restart it".to_owned(),
            );
        }
        warnings
    }

    /// When the last of a card's mandates to release ends, if that is soon.
    fn ends_soon(&self, card: &Card) -> Option<crate::model::Millis> {
        let now = self.now();
        let mandates =
            card.body().mandates.iter().filter(|one| card.allows(&one.node(), Purpose::Release, now));
        let last = mandates.map(|one| one.term().1).max();
        last.filter(|until| until.0 - now.0 < SOON)
    }
}
