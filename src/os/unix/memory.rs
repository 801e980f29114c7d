#![allow(unsafe_code, reason = "what gives memory back is told addresses, and takes them as they are")]

use std::ops::Range;
use std::path::Path;

/// How many bytes of memory this process has, of files as well; `None` where the system does not say.
pub fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(kib.split_whitespace().next()?.parse::<usize>().ok()? * 1024)
}

/// Where code and constants of this process are: what is as it stands in a file and stays so.
///
/// It is found out once, before there are other threads: nobody unmaps what the loader has mapped until then, while of
/// what is mapped later somebody may, and something else is there when it is given back.
#[derive(Clone, Default)]
pub struct Unchanging(Vec<Range<usize>>);

impl Unchanging {
    /// What a process has that has just begun: its own program and the C library.
    pub fn of_start() -> Unchanging {
        let program = std::env::current_exe().unwrap_or_default();
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        Unchanging(unchanging(&maps, &program))
    }

    /// Gives back what can be had again: what was freed, and code and constants. The system reads these again from
    /// their files where they are needed.
    pub fn give_back(&self) {
        self.0.iter().cloned().for_each(forget);
        trim();
    }
}

/// The mappings of this program and its C library that are as their files are, and that nobody ever wrote to. What the
/// loader writes to (RELRO) is none of them, also where nobody may write to it any more and what it wrote is in swap.
fn unchanging(maps: &str, program: &Path) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut lines = maps.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((range, is_constant)) = mapping(line, program) else { continue };
        let (mut in_memory, mut in_swap, mut is_written) = (None, None, None);
        while let Some(fact) = lines.next_if(|line| mapping(line, program).is_none()) {
            let Some((name, value)) = fact.split_once(':') else { continue };
            match name {
                "Anonymous" => in_memory = Some(value.trim()),
                "Swap" => in_swap = Some(value.trim()),
                // What could be written to is accounted for, and stays so when it cannot any more.
                "VmFlags" => is_written = Some(value.split_whitespace().any(|flag| matches!(flag, "wr" | "ac"))),
                _ => {}
            }
        }
        if is_constant && (in_memory, in_swap, is_written) == (Some("0 kB"), Some("0 kB"), Some(false)) {
            found.push(range);
        }
    }
    found
}

/// The first line about a mapping: where it is, and whether it is code or constants of the program or its C library.
fn mapping(line: &str, program: &Path) -> Option<(Range<usize>, bool)> {
    let mut words = line.split_whitespace();
    let (begin, end) = words.next()?.split_once('-')?;
    let range = usize::from_str_radix(begin, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
    let is_private = matches!(words.next()?, "r--p" | "r-xp");
    // A name may have spaces.
    let path = line.find('/').map(|at| Path::new(&line[at..]));
    Some((range, is_private && path.is_some_and(|path| path == program || is_c_library(path))))
}

fn is_c_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ["libc.so", "libc-", "ld-musl-"].iter().any(|begin| name.starts_with(begin))
}

#[cfg(target_os = "linux")]
fn forget(range: Range<usize>) {
    use rustix::mm::{Advice, madvise};
    let begin = std::ptr::with_exposed_provenance_mut(range.start);
    // Memory that is kept out of swap is not given back by the older name. No page of these holds anything of this
    // process' own: what comes back is what was there.
    for advice in [Advice::LinuxDontneedLocked, Advice::LinuxDontNeed] {
        // SAFETY: the mapping is private and there until the process ends, nobody can write to it or ever could, and
        // no page of it differs from its file.
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
    fn only_what_is_as_its_file_and_was_never_written_to_is_given_back() {
        let map = |range: &str, rights: &str, path: &str, changed: [u32; 2], flags: &str| {
            let [in_memory, in_swap] = changed;
            let facts = format!("Rss: 8 kB\nAnonymous: {in_memory} kB\nSwap: {in_swap} kB\nSwapPss: 0 kB\n");
            format!("{range} {rights} 00001000 fe:00 7      {path}\n{facts}VmFlags: {flags}\n")
        };
        let maps = [
            map("1000-2000", "r--p", "/bin/a b", [0, 0], "rd mr"),
            map("2000-4000", "r-xp", "/bin/a b", [0, 0], "rd ex mr"),
            map("4000-5000", "r--p", "/bin/a b", [4, 0], "rd mr"),
            // All that the loader wrote is in swap.
            map("5000-6000", "r--p", "/bin/a b", [0, 4], "rd mr"),
            // It could be written to once.
            map("6000-7000", "r--p", "/bin/a b", [0, 0], "rd mr ac"),
            map("7000-8000", "rw-p", "/bin/a b", [0, 0], "rd wr mr"),
            map("8000-9000", "r--s", "/bin/a b", [0, 0], "rd mr"),
            map("9000-a000", "r--p", "", [0, 0], "rd mr"),
            map("a000-b000", "r-xp", "[vdso]", [0, 0], "rd ex"),
            map("b000-c000", "r-xp", "/lib/libc.so.6", [0, 0], "rd ex mr"),
            // Somebody may unmap these.
            map("c000-d000", "r--p", "/etc/ld.so.cache", [0, 0], "rd mr"),
            map("d000-e000", "r-xp", "/lib/libnss_dns.so.2", [0, 0], "rd ex mr"),
            // Nothing is said of it.
            "e000-f000 r-xp 00001000 fe:00 7 /bin/a b\nRss: 8 kB\n".to_owned(),
        ];
        let found = unchanging(&maps.concat(), Path::new("/bin/a b"));
        assert_eq!(found, [0x1000..0x2000, 0x2000..0x4000, 0xb000..0xc000]);
    }

    /// A test program of its own code and its library goes on after all of it was given back.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_goes_on_with_what_it_gave_back() {
        let unchanging = Unchanging::of_start();
        assert!(unchanging.0.len() >= 2, "code and constants of this program");
        let words: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
        unchanging.give_back();
        assert_eq!(words.concat().len(), 2_890);
        assert!(resident().is_some_and(|bytes| bytes > 4096));
    }
}
