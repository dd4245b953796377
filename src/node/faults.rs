//! What a node survives: documentation only. Every row below is played against real daemons by `scripts/torture`.
//!
//! ```console
//! $ scripts/torture              # all rows
//! $ scripts/torture --quick      # fewer times each, the longest rows left out; part of scripts/check
//! $ scripts/torture --only NAME  # one row; --seed S plays the same faults, --rounds N so often
//! ```
//!
//! # How it is done
//!
//! Two governments (in one row four), each its own process with its own directory, exchange releases. A ledger keeps
//! what was acknowledged to an operator and what was receipted. After each fault: what was acknowledged is there,
//! every release is there whole or not at all, the node starts, the partner gets everything, both answer the same,
//! `corridor doctor` finds nothing. *Well again* is the time from the start of the node, or from the moment when the
//! fault is gone, until the partner has everything and has said so: the median and the longest; what asks for it takes
//! about 0.1 s.
//!
//! - **Disks**: `tests/faults/shim.c`, loaded before the C library, fails the calls that write, sync, open and accept,
//!   by name, path and number, and notes each call that it failed: a row in which none failed has not passed. A disk
//!   that becomes full takes a part of the last write. A node whose write or sync fails stops with exit status 1 and
//!   one line that says what to do; a failed sync is never tried again.
//! - **Power cuts**: the shim notes up to where each feed file was synced. After a SIGKILL what is behind that is cut
//!   off, all or a random part; a new file whose directory was not synced may be gone; the database is deleted, kept,
//!   or replaced by an older copy.
//! - **Networks**: a proxy in user space before each node delays, narrows, stalls, holds, swallows and resets. TCP
//!   hides loss from programs, so a lost packet is the wait until it is sent again.
//! - **Clocks**: the shim adds seconds to the time of day of one daemon while it runs.
//! - **Hostile peers**: raw TCP, unknown keys, and a partner that was accepted and misbehaves; meanwhile an honest
//!   partner releases single figures. The median until the victim shows one may be three times the quiet one (and 25 ms,
//!   for the noise of the machine, best of three), its memory may grow by 96 MiB, its processor time is bounded.
//!
//! # The table
//!
//! Seen on 26 November 2026 with the release build on a virtual machine with 2 processors (AMD EPYC, Linux 6.18). Other
//! work kept both of them busy, with seven to eight processes waiting for each: on a quiet machine times are a part of
//! these. Each row was tried so often in this run; in all of them nothing was lost, and nothing was half done.
//!
//! | row | what is done | times | well again, median and longest |
//! |---|---|---|---|
//! | `kills` | SIGKILL of daemons and commands at a random moment; then the database is deleted or damaged, garbage is put behind a feed, or its tail is torn | 10 | 1.9 s, 2.2 s |
//! | `disk-full` | ENOSPC on an append, at publisher and recipient | 4 | 1.9 s, 2.0 s |
//! | `disk-full-long` | ENOSPC in the middle of a release of 1 500 figures | 2 | 2.1 s |
//! | `disk-full-database` | ENOSPC on the files of the database: the feed files are the truth | 3 | 3.0 s, 3.9 s |
//! | `disk-write-error` | EIO on a write | 2 | 1.9 s |
//! | `disk-sync-error` | EIO on fsync | 4 | 2.0 s, 2.7 s |
//! | `disk-read-only` | EROFS on everything that writes | 2 | 1.6 s |
//! | `files-out` | EMFILE on opening a feed file | 3 | 2.0 s, 2.1 s |
//! | `files-few` | `ulimit -n` of 10 to 50: one did not start, three went on | 4 | 4.2 s, 6.0 s, with the try |
//! | `files-accept` | EMFILE on accepting connections for two seconds | 2 | 0.2 s |
//! | `memory-little` | `ulimit -v` of 160, 220 and 300 MiB: each ended at work | 3 | 5.7 s, 11.8 s, with the try |
//! | `power-cut` | SIGKILL at a random moment, and what was not synced is gone: 4 712 bytes of 32 files | 25 | 0.9 s, 2.1 s |
//! | `clock-jumps` | a day back and ahead at the recipient, a day back and ahead at the publisher, ten years ahead and back at each; a held entry was taken 0.2 s after it was due | 9 | 0.3 s, 0.4 s |
//! | `net-slow` | 64 kbit/s, 800 to 1 000 ms there and back, 10 % of packets lost: a session after 4.1 to 6.5 s, handshake and all | 3 | 3.8 s, 3.9 s |
//! | `net-one-way` | one direction is dead for 1 to 9 s, then the other (heartbeat 1 s) | 2 | 1.7 s |
//! | `net-half-open` | connections that carry nothing and are not closed: three heartbeats are missed, then both connect again | 3, 1 | 8.6 s with a heartbeat of 1 s; 64 s with the usual one of 15 s |
//! | `net-flapping` | four times up and down within seconds, eight releases meanwhile | 1 | 0.6 s |
//! | `net-resets` | connections reset in the middle of 1 500 figures over 1 Mbit/s | 2 | 2.7 s |
//! | `net-nat` | one side listens nowhere, or its card names an address where nobody is: only it dials | 2 | 1.7 s, 2.9 s |
//! | `net-relay` | neither can be reached, a third carries: it is killed, one of the two is, circuits end after 24 KiB; 20 figures through it in 47 to 81 ms, 6 000 through three circuits in 4.7 s | 10 | 1.8 s, 2.4 s |
//! | `net-crossed-dials` | both dial at once over a line of 50 to 150 ms: one session stands | 3 | 1.3 s, 1.5 s |
//! | `net-halves` | four nodes in two halves, which go on by themselves, joined again | 1 | 1.7 s |
//! | `standby` | SIGKILL of the node that leads, in the middle of a release of 1 to 1 500 figures; the standby takes over, 3.2 s later at most; the other returns and steps down by itself, and holds everything 1.8 s after its start at most. In three of the twelve it had written what reached nobody, and set that aside: no fork | 12 | 0.7 s, 5.9 s |
//! | `hostile-places` | handshakes that hang from two hundred networks, and a partner that can only dial | 1 | 0.7 s |
//! | `small-machine` | 10 million observations, each node in 256 MiB (control group) on one processor that both share: submitted and released in 52 s, at the partner after 79 s in all; most memory 266 MiB (what it shares with others counted) and 74 MiB; start 1.1 and 1.3 s | 1 | |
//!
//! | `hostile-strangers`, `hostile-partners`: what came in two seconds | a single figure meanwhile | the victim's processor and most memory |
//! |---|---|---|
//! | (quiet before the rows) | 19 ms, 7.4 ms | |
//! | 497 connections with half of a greeting | 22 ms | 8 %, 25 MiB |
//! | 478 handshakes that hang | 26 ms | 10 %, 28 MiB |
//! | 3 490 connections, opened and closed | 9.0 ms | 14 %, 28 MiB |
//! | 5 whole handshakes of unknown keys | 3.2 ms | 1 %, 28 MiB |
//! | 2 704 lists of 600 heads, from an accepted partner, as all that follow | 2.5 ms | 19 %, 61 MiB |
//! | 37 200 wants and unwants | 2.6 ms | 7 %, 40 MiB |
//! | 4 240 questions | 2.7 ms | 4 %, 40 MiB |
//! | 300 empty data and credits | 3.0 ms | 2 %, 40 MiB |
//! | 580 proofs of a fork that prove none | 5.8 ms | 4 %, 41 MiB |
//! | 259 messages that are none: random, with lengths that lie, oversized | 12.6 ms | 3 %, 41 MiB |
//! | 918 zstd bombs of 64 MiB, flipped bytes and their announcements | 46.8 ms | 4 %, 41 MiB |
//! | 320 old heads, receipts that lie, feeds of other agreements | 10.5 ms | 2 %, 41 MiB |
//!
//! How few came is the defence: who breaks the protocol, or asks for too much, is thrown out and must dial again.
//!
//! # What was mended because a row failed, or because writing it showed it
//!
//! - A partner's messages have an allowance in a session, filled again with time (`sync`): floods of heads, wants,
//!   proofs and credits were bounded by nothing but the line. Empty data for ever new feeds took memory without end.
//! - Handshakes that hang take the places of their own network prefix, then of strangers; known addresses of partners
//!   have places of their own. Before, 64 of them from anywhere kept a partner out that can only dial.
//! - A clock that is set back no longer stops the heartbeat, nor silences the log of faults, until it has come there again.
//! - Nothing is signed at a time for which the card has no mandate: what is dated ten years ahead no partner ever takes,
//!   nor what follows it in the feed. Nothing is erased then either, and receipts wait until the clock is right.
//! - A disk's error says what the operator can do.
//!
//! # What is not tried
//!
//! - A real power cut of a real machine, disks that lie about what they synced, bits that flip while a node runs. Writes
//!   that overwrite in place are not modelled by the power cut: feed files are appended to, but for an erasure.
//! - Loss, duplication and reordering of packets below TCP, and QUIC under any of these faults.
//! - Hole punching through real address translators: two nodes on one machine, whose direct line it made, is all.
//! - A line that goes through a relay although a direct one would do is not looked for anew before the circuit ends, after
//!   a day at the latest.
//! - A standby that takes over while the main node lives and is cut off: both write then, partners see the fork, and it is
//!   resolved as any other. A main node killed in the two seconds after which it no longer waits for a slow standby.
//! - Floods that fill the line itself, from more machines than one.
//! - The limit of attempts a minute for each network prefix, with real daemons: loopback is free of it; unit tests only.
//! - Mandates that have ended and are presented again: `corridor demo` plays a key that has none, unit tests the rest.
//! - Each row more often than the table says. The full run is longer than the one that made this table.
//! - A partner whose card names its host by DNS has no known address, and shares the places of strangers when it dials.
//! - A clock that is wrong by less than the mandate's end: an entry dated a year ahead is held by partners for a year, and
//!   so is what follows it. The log of the publisher says so.
//! - Releases under an agreement whose first day is in the future by a clock that was set back: they are withheld, as the
//!   agreement says, until the clock is right and `corridor release` is asked again.
