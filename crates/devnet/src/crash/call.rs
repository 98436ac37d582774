//! System calls as `strace -ttt -yy -s 0` prints them.

use std::path::PathBuf;

/// One system call that a trace tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Its name.
    pub(super) name: String,
    /// What it acts on.
    pub(super) target: Target,
    /// What it returned; none if it never did.
    pub(super) returned: Option<i64>,
    /// The arguments as they are printed.
    arguments: String,
}

/// What a system call acts on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A file, by its path.
    File(PathBuf),
    /// A TCP connection: the ports here and there.
    Connection(u16, u16),
    /// A wake-up of another thread of the process.
    Wakeup,
    /// Anything else.
    Other(String),
}

impl Call {
    /// Reads a trace. Calls that were interrupted by those of other threads are put together again.
    pub(super) fn all_in(trace: &str) -> Vec<Call> {
        let mut calls: Vec<(Option<u32>, Call)> = Vec::new();
        for line in trace.lines() {
            let (thread, line) = thread_and_rest(line);
            if let Some((name, returned)) = resumed(line) {
                let open = |(of, call): &&mut (Option<u32>, Call)| {
                    *of == thread && call.name == name && call.returned.is_none()
                };
                if let Some((_, call)) = calls.iter_mut().rev().find(open) {
                    call.returned = returned;
                }
            } else if let Some(call) = begun(line) {
                calls.push((thread, call));
            }
        }
        calls.into_iter().map(|(_, call)| call).collect()
    }

    /// The call at whose entry the process was killed: the last that never returned.
    pub(super) fn last_open(calls: &[Call]) -> Option<&Call> {
        calls.iter().rev().find(|call| call.returned.is_none())
    }

    /// Offset and length of what a positioned write writes.
    pub(super) fn range(&self) -> Option<(u64, u64)> {
        if !self.name.starts_with("pwrite64") {
            return None;
        }
        let mut last = self.arguments.rsplit(", ");
        let (offset, length) = (last.next()?.parse().ok()?, last.next()?.parse().ok()?);
        Some((offset, length))
    }
}

/// With several threads, lines begin with the thread's number; then comes the time.
fn thread_and_rest(line: &str) -> (Option<u32>, &str) {
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match first.parse::<u32>() {
        Ok(thread) => (Some(thread), after_time(rest.trim_start())),
        Err(_) => (None, after_time(line)),
    }
}

fn after_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if time.parse::<f64>().is_ok() => rest,
        _ => line,
    }
}

/// `<... fdatasync resumed>) = 0`
fn resumed(line: &str) -> Option<(&str, Option<i64>)> {
    let (name, rest) = line.strip_prefix("<... ")?.split_once(" resumed>")?;
    Some((name, returned(rest)))
}

/// `write(3</path>, ""..., 5) = 5`, or without an end
fn begun(line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return None;
    }
    let (arguments, end) = rest.rsplit_once(')').unwrap_or((rest, ""));
    // Injected faults are told after the result, in parentheses of their own.
    let (arguments, end) = match arguments.split_once(") = ") {
        Some((arguments, end)) => (arguments, end),
        None => match rest.split_once(") ").filter(|(_, end)| end.trim_start().starts_with('=')) {
            Some((arguments, end)) => (arguments, end),
            None => (arguments, end),
        },
    };
    let arguments = arguments.trim_end_matches(" <unfinished ...>").to_owned();
    let (name, target) = (name.to_owned(), target(&arguments));
    Some(Call { name, target, returned: returned(end), arguments })
}

fn returned(end: &str) -> Option<i64> {
    let value = end.rsplit_once("= ").map_or(end, |(_, value)| value).trim_start();
    value.split_whitespace().next()?.parse().ok()
}

fn target(arguments: &str) -> Target {
    if let Some(path) = quoted(arguments) {
        return Target::File(path.into());
    }
    let Some((_, rest)) = arguments.split_once('<') else { return Target::Other(arguments.to_owned()) };
    // A connection has an arrow in it.
    let end = rest.find(">,").or_else(|| rest.rfind('>')).unwrap_or(rest.len());
    let what = &rest[..end];
    if what.starts_with('/') {
        return Target::File(what.trim_end_matches("(deleted)").into());
    }
    if what.starts_with("anon_inode") {
        return Target::Wakeup;
    }
    connection(what).unwrap_or_else(|| Target::Other(what.to_owned()))
}

/// A call by path names it in quotes; what is written is not printed.
fn quoted(arguments: &str) -> Option<&str> {
    let at = arguments.find('"')?;
    if arguments[..at].contains('<') && !arguments.starts_with("AT_FDCWD") {
        return None;
    }
    let (path, _) = arguments[at + 1..].split_once('"')?;
    path.starts_with('/').then_some(path)
}

/// `TCP:[127.0.0.1:1234->127.0.0.1:80]`
fn connection(what: &str) -> Option<Target> {
    let (here, there) = what.strip_prefix("TCP:[")?.trim_end_matches(']').split_once("->")?;
    let port = |address: &str| address.rsplit_once(':')?.1.parse().ok();
    Some(Target::Connection(port(here)?, port(there)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Call {
        let mut calls = Call::all_in(line);
        assert_eq!(calls.len(), 1, "{line}");
        calls.remove(0)
    }

    #[test]
    fn a_write_has_a_place_a_length_and_a_result() {
        let call = one(r#"1764375600.123456 pwrite64(9</d/ledger.sqlite-wal>, ""..., 4096, 32) = 4096"#);
        assert_eq!(call.name, "pwrite64");
        assert_eq!(call.target, Target::File("/d/ledger.sqlite-wal".into()));
        assert_eq!((call.range(), call.returned), (Some((32, 4096)), Some(4096)));
    }

    #[test]
    fn the_call_that_a_process_died_in_never_returns() {
        let calls = Call::all_in(concat!(
            "12 1764375600.1 fdatasync(9</d/wal>) = 0\n",
            "12 1764375600.2 pwrite64(9</d/wal>, \"\"..., 24, 32 <unfinished ...>\n",
            "13 1764375600.3 write(1</d/log>, \"\"..., 5) = 5\n",
            "12 1764375600.4 +++ killed by SIGKILL +++\n",
        ));
        assert_eq!(calls.len(), 3);
        let last = Call::last_open(&calls).expect("the write");
        assert_eq!((last.name.as_str(), last.range()), ("pwrite64", Some((32, 24))));
        let killed = one("1764375600.1 fdatasync(9</d/wal>)  = ?");
        assert_eq!(killed.returned, None);
        assert_eq!(one("1764375600.1 fdatasync(9</d/wal>) = ? <unavailable>").returned, None);
    }

    #[test]
    fn a_call_that_was_interrupted_in_print_is_put_together() {
        let calls = Call::all_in(concat!(
            "12 1764375600.1 fdatasync(9</d/wal> <unfinished ...>\n",
            "13 1764375600.2 fdatasync(8</d/db> <unfinished ...>\n",
            "12 1764375600.3 <... fdatasync resumed>) = 0\n",
            "13 1764375600.4 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)\n",
        ));
        assert_eq!(calls.iter().map(|call| call.returned).collect::<Vec<_>>(), [Some(0), Some(-1)]);
        assert_eq!(calls[1].target, Target::File("/d/db".into()));
    }

    #[test]
    fn an_injected_fault_is_a_failure() {
        let call = one("1764375600.1 fdatasync(9</d/wal>) = -1 EIO (Input/output error) (INJECTED)");
        assert_eq!((call.returned, call.target), (Some(-1), Target::File("/d/wal".into())));
        let call = one(
            r#"1764375600.1 pwrite64(9</d/wal>, ""..., 24, 32) = -1 ENOSPC (No space left on device) (INJECTED)"#,
        );
        assert_eq!((call.range(), call.returned), (Some((32, 24)), Some(-1)));
    }

    #[test]
    fn what_is_written_to_is_told_apart() {
        let target = |line: &str| one(line).target;
        assert_eq!(
            target(
                r#"sendto(14<TCP:[127.0.0.1:3600->127.0.0.1:51002]>, ""..., 120, MSG_NOSIGNAL, NULL, 0) = 120"#
            ),
            Target::Connection(3600, 51002)
        );
        assert_eq!(target(r#"write(5<anon_inode:[eventfd]>, ""..., 8) = 8"#), Target::Wakeup);
        assert_eq!(target(r#"rename("/d/exit.new", "/d/exit") = 0"#), Target::File("/d/exit.new".into()));
        assert_eq!(target(r#"unlink("/d/old.jsonl") = 0"#), Target::File("/d/old.jsonl".into()));
    }
}
