#![allow(unsafe_code, reason = "what gives memory back is told addresses, and takes them as they are")]

use std::ops::Range;

/// How many bytes of memory this process has, of files as well; `None` where the system does not say.
pub fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(kib.split_whitespace().next()?.parse::<usize>().ok()? * 1024)
}

/// Gives back what can be had again: what was freed, and what is as it stands in a file. The system reads the latter
/// again where it is needed.
pub fn give_back() {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    unchanged(&maps).for_each(forget);
    drop(maps);
    trim();
}

/// The mappings that are as their files are, and that nothing can change: code and constants. What the loader has
/// written to is none of them, also where nobody may write to it any more.
fn unchanged(maps: &str) -> impl Iterator<Item = Range<usize>> {
    let mut file = None;
    maps.lines().filter_map(move |line| match line.strip_prefix("Anonymous:") {
        Some(changed) => file.take().filter(|_| changed.trim() == "0 kB"),
        None => {
            if let Some((range, is_constant)) = mapping(line) {
                file = is_constant.then_some(range);
            }
            None
        }
    })
}

/// The first line about a mapping: where it is, and whether it is of a file and cannot be written to.
fn mapping(line: &str) -> Option<(Range<usize>, bool)> {
    let mut words = line.split_whitespace();
    let (begin, end) = words.next()?.split_once('-')?;
    let range = usize::from_str_radix(begin, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
    let is_private = matches!(words.next()?, "r--p" | "r-xp");
    Some((range, is_private && words.nth(3).is_some_and(|path| path.starts_with('/'))))
}

#[cfg(target_os = "linux")]
fn forget(range: Range<usize>) {
    use rustix::mm::{Advice, madvise};
    let begin = std::ptr::with_exposed_provenance_mut(range.start);
    // Memory that is kept out of swap is not given back by the older name. No page of these holds anything of this
    // process' own: what comes back is what was there.
    for advice in [Advice::LinuxDontneedLocked, Advice::LinuxDontNeed] {
        // SAFETY: the mapping is private, nobody can write to it, and no page of it differs from its file.
        if unsafe { madvise(begin, range.len(), advice) }.is_ok() {
            return;
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn forget(_: Range<usize>) {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    unsafe extern "C" {
        safe fn malloc_trim(keep: usize) -> i32;
    }
    malloc_trim(0);
}

/// Others give back by themselves, or have no such call.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_as_its_file_is_given_back() {
        let map = |range: &str, rights: &str, path: &str, changed: u32| {
            format!("{range} {rights} 00001000 fe:00 7 {path}\nRss: 8 kB\nAnonymous: {changed} kB\nVmFlags: rd mr\n")
        };
        let maps = [
            map("1000-2000", "r--p", "/bin/a", 0),
            map("2000-4000", "r-xp", "/bin/a", 0),
            map("4000-5000", "r--p", "/bin/a", 4),
            map("5000-6000", "rw-p", "/bin/a", 0),
            map("6000-7000", "r--s", "/bin/a", 0),
            map("7000-8000", "r--p", "", 0),
            map("8000-9000", "r-xp", "[vdso]", 0),
        ];
        let found: Vec<_> = unchanged(&maps.concat()).collect();
        assert_eq!(found, [0x1000..0x2000, 0x2000..0x4000]);
    }

    /// A test program of its own code and libraries goes on after all of it was given back.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_goes_on_with_what_it_gave_back() {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        assert!(unchanged(&maps).count() >= 2, "code and constants of this program");
        let words: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
        give_back();
        assert_eq!(words.concat().len(), 2_890);
        assert!(resident().is_some_and(|bytes| bytes > 4096));
    }
}
