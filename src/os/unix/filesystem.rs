use std::path::Path;

/// The file systems of disks and memory of this machine, by their numbers in statfs(2): a look at a file there is
/// answered or fails. Any other, over a network or provided by a program, may hang.
const LOCAL: [u64; 12] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683E, // btrfs
    0x0102_1994, // tmpfs
    0x8584_58F6, // ramfs
    0x794C_7630, // overlayfs
    0x2FC1_2FC1, // zfs
    0xF2F5_2010, // f2fs
    0xCA45_1A4E, // bcachefs
    0x3153_464A, // jfs
    0x5265_4973, // reiserfs
    0x4D44,      // fat
];

/// Whether this directory, or what there is of its path, lies on a disk of this machine. May take as long as the disk
/// does.
pub fn is_local(dir: &Path) -> bool {
    let found = dir.ancestors().find_map(|dir| rustix::fs::statfs(dir).ok());
    found.is_some_and(|found| LOCAL.contains(&(found.f_type as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_makes_up_is_no_disk() {
        assert!(!is_local(Path::new("/proc/self")));
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(is_local(dir.path()), is_local(&dir.path().join("not/there")));
    }
}
