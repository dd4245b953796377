//! Corridor: governments exchange signed Migration Profile records, with no one in the middle.
//!
//! Each government runs one node. It signs what its country states about migration and hands it to the partners
//! that an agreement names; what comes from others it verifies before it keeps it. Nobody operates the network.
//!
//! # How data flow
//!
//! ```text
//!  a ministry's CSV                                                    a partner's node
//!        │                                                                    │ frames
//!        ▼                                                                    ▼
//!  intake ── findings, or series ──▶ node ◀──────────────── net ◀── Noise ── stream
//!                                     │ ▲                    │
//!               policy: may this      │ │ what is durable    ▼
//!               audience have this?   │ │                  wire ── messages ──▶ sync ── verified frames ─┐
//!               protect: in what form ▼ │                                                               │
//!  records ──▶ feed: blocks, root, signature ──▶ store: feed files, one fsync ◀──────────────────────────┘
//!                                                   │
//!                                                   └──fold──▶ view ──▶ get, region, status ──▶ cli, api
//! ```
//!
//! Up: bytes → [`wire`] → [`sync`] → verified frames → [`store`] → [`view`] → [`api`]. Down: a request → [`node`] →
//! a signed entry → [`store`] → [`sync`] → [`wire`] → [`net`]. They meet in the node's loop and nowhere else.
//!
//! # The rooms, lowest first; imports go down only
//!
//! | room | is |
//! |---|---|
//! | [`crypto`] | keys, signatures, hashes, the Merkle tree |
//! | [`model`] | the field's words as values that cannot be built wrong: codes, keys, periods, decimals, records |
//! | [`feed`] | signed, hash-linked, single-writer sequences; the signed bytes; who may sign for whom |
//! | [`policy`] | agreements, and the one question: may this audience have this? |
//! | [`protect`] | statistical disclosure control: in what form figures leave for one audience |
//! | [`intake`] | files → checked series, or findings with line and column |
//! | [`view`] | what can be asked: current, as of, history; folded from entries |
//! | [`insight`] | pure analysis over views: mirrors, regions, quality, labour, diaspora |
//! | [`store`] | feed files, which are the truth, and sled over them, which is derived |
//! | [`sync`] | replication as a machine: input and time in, outputs out |
//! | [`wire`] | sync messages ↔ bounded bytes |
//! | [`net`] | libp2p: carries frames between peers |
//! | [`node`] | wiring: one loop over one closed enum of events |
//! | [`sdmx`] | SDMX messages made from what the views hold |
//! | [`api`] | control socket, the open JSON API, health, metrics, pages |
//! | [`config`] | defaults < file < environment < flags → one checked value |
//! | [`cli`] | the command line |
//!
//! # Words
//!
//! A *record* is the smallest thing a government says: one series with its observations, or one document. An
//! *entry* is a batch of records under one signature. A *feed* is one publisher's entries under one *agreement*.
//! A *head* is the newest entry of a feed, a *fork* two entries for one place. A *receipt* is a recipient's signed
//! word that it holds an entry, an *erasure* that it holds its figures no more. The *house feed* is a government's
//! own: partners accepted, agreements drafted, submissions, and every act. The *correspondence* of two partners
//! carries proposals, signatures and erasures. A *courier* stores and forwards entries that are *sealed* to their
//! readers; an *embargo* closes one to everybody until its time, when its publisher tells the key.
//! A node is in *recovery* while it may have signed more than it holds. A
//! *resolution* is a publisher's word on which entry of a fork stands.
//!
//! # What always holds
//!
//! - `crypto` to `insight`, `sync`, `wire` and `sdmx` have no clock, randomness, disk, socket, `async` or channel.
//! - Nothing leaves the node that `policy` did not decide and `protect` did not pass: `node::release` is the only
//!   way into a feed that partners read, what no rule names is withheld, and the exact values stay in the house feed.
//! - `store` takes verified entries only, by type: [`feed::SignedEntry`] or [`feed::VerifiedFrame`].
//! - Nothing is acknowledged, announced or receipted before it is durable.
//! - Signed bytes, wire bytes and JSON are three separate sets of types.
//! - `view` can be deleted. What was decided by people can be folded again from the house feed.
//! - A courier holds nothing that is open: its assembler takes sealed content alone, and what we send it is sealed on the way.
//! - A failed write stops the node; it is never passed over.
//! - Nothing is signed in a feed of which a partner may hold entries of ours that are not here, unless an operator says so.
//!
//! Start reading at [`feed`], then [`sync`], then [`node`].

pub mod crypto;
pub mod model;
pub mod feed;
pub mod policy;
pub mod protect;
pub mod intake;
pub mod view;
pub mod insight;
pub mod store;
pub mod sync;
pub mod wire;
pub mod net;
pub mod node;
pub mod sdmx;
pub mod api;
pub mod config;
pub mod cli;
