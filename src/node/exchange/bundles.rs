//! Bundles: what comes in a file is taken in as if its maker's node had said it in a session.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Exchange, Open, WithBundle};
use crate::feed::FeedId;
use crate::net::NodeId;
use crate::node::bundle::Maker;
use crate::node::engine::{Engine, NodeError};
use crate::node::spool::Spool;
use crate::sync::{Input, SessionId};

impl Exchange {
    /// Takes in what a bundle brings, as if its maker's node had said it in a session.
    pub(in crate::node) fn take_bundle(
        &mut self,
        spool: Spool,
        engine: &mut Engine,
    ) -> Result<Value, NodeError> {
        // Numbers that the network does not come to.
        self.bundles += 1;
        let session = u64::MAX - self.bundles;
        let mut maker = Maker::open(spool, engine, SessionId(session))?;
        self.take_card(&maker.card().clone(), engine)?;
        let before = heads_of(&maker, engine);
        let (publisher, node) = (maker.manifest().maker(), maker.manifest().node());
        self.bundle = Some(WithBundle { session, said: VecDeque::new(), ended: None });
        self.open.insert(session, Open { peer: NodeId(node.0), publisher, remote: "a bundle".to_owned() });
        let taken = self.hear_bundle(&mut maker, SessionId(session), engine);
        self.open.remove(&session);
        self.tell(Input::Closed { session: SessionId(session) }, engine)?;
        let ended = self.bundle.take().and_then(|bundle| bundle.ended);
        taken?;
        let after = heads_of(&maker, engine);
        let entries: u64 = before.iter().zip(&after).map(|(before, after)| after - before).sum();
        let wanting = maker.manifest().feeds().iter().zip(&after);
        let wanting = wanting.filter(|(one, held)| one.head.header().seq.0 >= **held).count();
        let mut value = maker.act();
        value["country"] = json!(engine.country_of(&publisher));
        value["feeds"] = json!(after.len());
        value["entries"] = json!(entries);
        value["incomplete_feeds"] = json!(wanting);
        value["complete"] = json!(wanting == 0);
        value["broken"] = json!(maker.broken().map(str::to_owned).or(ended));
        Ok(value)
    }

    fn hear_bundle(
        &mut self,
        maker: &mut Maker,
        session: SessionId,
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        let (publisher, node) = (maker.manifest().maker(), maker.manifest().node());
        let agreements = engine.house().book().readable(publisher, self.clock.now());
        self.tell(Input::Opened { session, node, publisher, agreements }, engine)?;
        let mut heard = VecDeque::from(maker.greet(engine.home().us(), self.clock.now())?);
        loop {
            while let Some(message) = heard.pop_front() {
                self.tell(Input::Received { session, message }, engine)?;
            }
            let said =
                self.bundle.as_mut().map(|bundle| std::mem::take(&mut bundle.said)).unwrap_or_default();
            if !said.is_empty() {
                for message in said {
                    heard.extend(maker.hear(message, self.clock.now())?);
                }
                continue;
            }
            let moved = engine.commit()?;
            if moved.is_empty() {
                return Ok(());
            }
            self.on_durable(moved, engine)?;
        }
    }
}

/// How many entries are held of each feed of a bundle.
fn heads_of(maker: &Maker, engine: &Engine) -> Vec<u64> {
    let held = |feed: &FeedId| engine.store().durable(feed).map_or(0, |head| head.seq.0 + 1);
    maker.manifest().feeds().iter().map(|one| held(&one.head.header().feed)).collect()
}
