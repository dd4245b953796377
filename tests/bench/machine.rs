//! What the machine can do by itself, so that a figure can be read as a share of it.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use corridor::crypto::{Hash, NodeSigner, SecretKey};
use corridor::store::keys;

use crate::clock::{now, timed};
use crate::report::{Better, Report};

/// How long each limit is measured.
const TIME: Duration = Duration::from_millis(250);
const MIB: usize = 1 << 20;

/// Measures all limits once.
pub(crate) fn measure(dir: &Path, report: &mut Report) -> anyhow::Result<()> {
    let block = vec![0x5a_u8; MIB];
    let hashed = per_second(|| _ = std::hint::black_box(Hash::of(&[&block])));
    report.add("machine_sha256", 0, hashed * MIB as f64 / 1e9, "GB/s", Better::Higher);
    let key: SecretKey = keys::generate()?;
    let (message, public) =
        (b"corridor/entry/1 and the two hundred bytes of a header".repeat(4), key.public_key());
    let signature = key.sign_message(&message);
    let verified = per_second(|| _ = std::hint::black_box(public.verify_message(&message, &signature)));
    report.add("machine_ed25519_verify", 0, verified, "1/s", Better::Higher);
    let times = appends(&dir.join("appended"), 4096)?;
    let total: Duration = times.iter().sum();
    report.add("machine_fdatasync", 0, times.len() as f64 / total.as_secs_f64(), "1/s", Better::Higher);
    report.add("machine_loopback", 0, loopback()? / 1e9, "GB/s", Better::Higher);
    Ok(())
}

/// The usual time until a short entry that was appended is on disk.
pub(crate) fn usual_append(dir: &Path) -> anyhow::Result<Duration> {
    let mut times = appends(&dir.join("appended"), 512)?;
    times.sort();
    Ok(times[times.len() / 2])
}

/// How long appends took, each until it was on disk.
fn appends(path: &Path, length: usize) -> anyhow::Result<Vec<Duration>> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let (bytes, start, mut times) = (vec![0xa5_u8; length], now(), Vec::new());
    while start.elapsed() < TIME || times.is_empty() {
        let (synced, time) = timed(|| file.write_all(&bytes).and_then(|()| file.sync_data()));
        synced?;
        times.push(time);
    }
    Ok(times)
}

fn per_second(mut once: impl FnMut()) -> f64 {
    let (start, mut count) = (now(), 0_u32);
    while start.elapsed() < TIME {
        once();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Bytes a second through one TCP connection on this machine.
fn loopback() -> anyhow::Result<f64> {
    const BYTES: usize = 512 * MIB;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut out = TcpStream::connect(listener.local_addr()?)?;
    let (mut stream, _) = listener.accept()?;
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let block = vec![1_u8; MIB / 4];
        (0..BYTES / block.len()).try_for_each(|_| out.write_all(&block))
    });
    let (read, time) = timed(|| {
        let (mut buffer, mut left) = (vec![0; MIB / 4], BYTES);
        while left > 0 {
            match stream.read(&mut buffer)? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        std::io::Result::Ok(BYTES - left)
    });
    writer.join().map_err(|_| anyhow::anyhow!("the writer of the loopback measure panicked"))??;
    Ok(read? as f64 / time.as_secs_f64())
}
