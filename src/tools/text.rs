use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::base::Secret;

/// Parses one JSON object. A key that stands twice is refused, for two readers could take either.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

/// Prints one JSON object and a line feed, into memory that is cleared.
pub(super) fn print_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // So long that no half of a secret stays behind where it grew; what is longer is rare.
    let mut out = Zeroizing::new(Vec::with_capacity(16 * 1024));
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.clear();
    }
    out.push(b'\n');
    out
}

/// What a tool said to its end, as a secret without the line end that it may have.
pub(super) fn secret(bytes: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.is_empty() && !line.contains(|c: char| c.is_control())).then(|| Secret::new(line.to_owned()))
}

/// A moment of Unix time as RFC 3339 writes it, in UTC.
pub(super) fn rfc3339(unix: i64) -> String {
    let (days, second) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    // Years that begin in March have their leap day at the end (Howard Hinnant, "chrono-Compatible Low-Level Date
    // Algorithms").
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// What a tool said in one line, without what stands around it; `None` where it is no text, or of more than one line.
pub(super) fn one_line(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.contains(|c: char| c.is_control())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_with_its_day() {
        let moments = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (unix, text) in moments {
            assert_eq!(rfc3339(unix), text);
        }
    }

    #[test]
    fn a_secret_has_no_line_end() {
        assert_eq!(secret(b" tok \r\n").unwrap().expose(), " tok ");
        for none in [&b""[..], b"\n", b"a\nb\n", b"\xff"] {
            assert!(secret(none).is_none(), "{none:?}");
        }
    }
}
