/// How long the text will be that this difference makes, if that is said.
pub(super) fn made(delta: &[u8]) -> Option<usize> {
    let mut bytes = delta.iter().copied();
    size(&mut bytes)?;
    size(&mut bytes)
}

/// A text that is written as its difference from another one.
pub(super) fn patched(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = delta.iter().copied();
    let (before, after) = (size(&mut bytes)?, size(&mut bytes)?);
    if before != base.len() {
        return None;
    }
    let mut text = Vec::with_capacity(after);
    while let Some(order) = bytes.next() {
        if order & 0x80 != 0 {
            let mut number = |bits: std::ops::Range<u32>| {
                bits.enumerate().try_fold(0_usize, |number, (at, bit)| {
                    let byte = if order >> bit & 1 == 1 { bytes.next()? } else { 0 };
                    Some(number | usize::from(byte) << (8 * at))
                })
            };
            let (from, length) = (number(0..4)?, number(4..7)?);
            let length = if length == 0 { 0x10000 } else { length };
            let part = base.get(from..from.checked_add(length)?)?;
            if text.len() + part.len() > after {
                return None;
            }
            text.extend_from_slice(part);
        } else if order != 0 {
            for _ in 0..order {
                text.push(bytes.next()?);
            }
        } else {
            return None;
        }
        if text.len() > after {
            return None;
        }
    }
    (text.len() == after).then_some(text)
}

fn size(bytes: &mut impl Iterator<Item = u8>) -> Option<usize> {
    let (mut size, mut shift) = (0_usize, 0);
    loop {
        let byte = bytes.next()?;
        size |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(size);
        }
        if shift > 28 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_makes_what_it_says_or_nothing() {
        assert_eq!(patched(b"abc", b"\x03\x03\x90\x03"), Some(b"abc".to_vec()));
        assert_eq!(made(b"\x03\x03\x90\x03"), Some(3));
        for bad in
            [&b"\x04\x03\x90\x03"[..], b"\x03\x04\x90\x03", b"\x03\x03\x90\x04", b"\x03\x03\x00", b"\x03\x03\x91", b""]
        {
            assert_eq!(patched(b"abc", bad), None, "{bad:?}");
        }
    }
}
