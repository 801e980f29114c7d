use std::fmt;

/// The longest that Windows knows, in bytes: fifteen numbers behind eight bytes.
pub(super) const MAX_LENGTH: usize = 68;

/// A security identifier: a user, a group, or who the system itself is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sid {
    /// As Windows lays it out; zeros behind its end.
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Sid {
    /// Reads one as Windows lays it out; `None` if that is none.
    pub(super) fn of(bytes: &[u8]) -> Option<Sid> {
        let [1, count, _, _, _, _, _, _, ..] = bytes else { return None };
        let length = 8 + 4 * usize::from(*count);
        let mut own = [0; MAX_LENGTH];
        own.get_mut(..length)?.copy_from_slice(bytes.get(..length)?);
        Some(Sid { bytes: own, length })
    }

    /// `OWNER RIGHTS`, S-1-3-4: whoever owns the thing that an access list belongs to.
    pub(super) const fn of_owner_rights() -> Sid {
        let mut sid = Sid::of_authority([4]);
        sid.bytes[7] = 3;
        sid
    }

    /// One whose first number is five, the Windows security authority, which has all users and well-known groups.
    pub(super) const fn of_authority<const COUNT: usize>(numbers: [u32; COUNT]) -> Sid {
        let mut bytes = [0; MAX_LENGTH];
        (bytes[0], bytes[1], bytes[7]) = (1, COUNT as u8, 5);
        let mut nth = 0;
        while nth < COUNT {
            let number = numbers[nth].to_le_bytes();
            let mut at = 0;
            while at < 4 {
                bytes[8 + 4 * nth + at] = number[at];
                at += 1;
            }
            nth += 1;
        }
        Sid { bytes, length: 8 + 4 * COUNT }
    }
}

/// As Windows writes it: `S-1-5-21-…`.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.bytes[2..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        write!(f, "S-{}-{authority}", self.bytes[0])?;
        let (numbers, _) = self.bytes[8..self.length].as_chunks();
        numbers.iter().try_for_each(|number| write!(f, "-{}", u32::from_le_bytes(*number)))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_written_as_windows_writes_it() {
        let administrators = Sid::of(&[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, 9]).unwrap();
        assert_eq!(administrators.to_string(), "S-1-5-32-544");
        assert_eq!(administrators, Sid::of_authority([32, 544]));
        assert_eq!(Sid::of_authority([18]).to_string(), "S-1-5-18");
    }

    #[test]
    fn what_is_cut_or_of_another_version_is_none() {
        for bytes in [&[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0][..], &[2, 0, 0, 0, 0, 0, 0, 5], &[1, 1, 0]] {
            assert_eq!(Sid::of(bytes), None);
        }
        let mut long = vec![1, 16, 0, 0, 0, 0, 0, 5];
        long.resize(8 + 4 * 16, 0);
        assert_eq!(Sid::of(&long), None);
    }
}
