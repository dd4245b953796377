//! What can be seen of a process without asking it: memory, processor time, bytes at its sockets, bytes on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// Ticks of processor time in `/proc` are hundredths of a second.
const TICKS: f64 = 100.0;

/// Resident memory in MiB: now (`VmRSS`) or the most there was (`VmHWM`).
pub(crate) fn memory(pid: u32, field: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no memory figure in /proc")?;
    Ok(kib.trim().parse::<f64>()? / 1024.0)
}

/// From here on the most memory is counted anew.
pub(crate) fn forget_peak(pid: u32) -> anyhow::Result<()> {
    let path = format!("/proc/{pid}/clear_refs");
    fs::write(&path, "5").with_context(|| format!("writing {path}"))
}

/// Seconds of processor time that a process has used.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = text.rsplit(") ").next().unwrap_or_default();
    let fields = after_name.split(' ').skip(11).take(2);
    let ticks: Result<Vec<f64>, _> = fields.map(str::parse::<f64>).collect();
    Ok(ticks?.iter().sum::<f64>() / TICKS)
}

/// Bytes that went over the TCP connections to and from these ports since each was opened, both ways, with what
/// encryption and multiplexing add. The kernel counts them, so that nothing stands between the nodes.
pub(crate) fn wire_bytes(ports: &[u16]) -> anyhow::Result<f64> {
    let names: Vec<String> = ports.iter().map(|port| format!("sport = :{port} or dport = :{port}")).collect();
    let filter = format!("( {} )", names.join(" or "));
    let output = Command::new("ss").args(["-tinHO", "state", "established", &filter]).output();
    let output = output.context("running ss, which is in the package iproute2")?;
    anyhow::ensure!(output.status.success(), "ss: {}", String::from_utf8_lossy(&output.stderr));
    let mut connections = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, one, other, rest @ ..] = fields.as_slice() else { continue };
        let number = |name: &str| {
            rest.iter().find_map(|field| field.strip_prefix(name)?.parse::<f64>().ok()).unwrap_or(0.0)
        };
        // Each connection on one machine is listed at both its ends.
        let ends = [*one.min(other), *one.max(other)].map(str::to_owned);
        connections.insert(ends, number("bytes_sent:") + number("bytes_received:"));
    }
    Ok(connections.values().sum())
}

/// Bytes of all files of a directory.
pub(crate) fn directory_bytes(dir: &Path) -> u64 {
    let items = fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = items.map(|item| match item.metadata() {
        Ok(data) if data.is_dir() => directory_bytes(&item.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
