//! Times as people at a terminal read them: by their own clock, and how far away. Scripts get RFC 3339 in UTC.

use std::io::{IsTerminal, stdout};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loom_credentials::base::{Locale, Message};
use loom_credentials::msg;

/// A time, in seconds since 1970, for whoever reads standard output.
pub fn when(locale: Locale, seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default();
    if stdout().is_terminal() { read(locale, time, Timestamp::now(), TimeZone::system()) } else { time.to_string() }
}

fn read(locale: Locale, time: Timestamp, now: Timestamp, zone: TimeZone) -> String {
    let clock = time.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string();
    locale.render(&distance(time, now, &clock))
}

/// The time with how far away it is; what is further than three months away says enough by its date.
fn distance(time: Timestamp, now: Timestamp, clock: &str) -> Message {
    let seconds = time.as_second().saturating_sub(now.as_second());
    let (is_ahead, seconds) = (seconds >= 0, seconds.unsigned_abs());
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (is_ahead, minutes, hours, days) {
        (_, 0, _, _) => msg!("when-now", time = clock),
        (true, 1..=119, _, _) => msg!("when-in-minutes", time = clock, count = minutes),
        (false, 1..=119, _, _) => msg!("when-minutes-ago", time = clock, count = minutes),
        (true, _, 0..=47, _) => msg!("when-in-hours", time = clock, count = hours),
        (false, _, 0..=47, _) => msg!("when-hours-ago", time = clock, count = hours),
        (true, _, _, 0..=90) => msg!("when-in-days", time = clock, count = days),
        (false, _, _, 0..=90) => msg!("when-days-ago", time = clock, count = days),
        (_, _, _, _) => msg!("when-far", time = clock),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_by_the_readers_clock_and_by_how_far_away_it_is() {
        let now: Timestamp = "2026-11-27T19:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let said = |locale, seconds: i64| {
            let time = Timestamp::from_second(now.as_second() + seconds).unwrap();
            let text = read(locale, time, now, zone.clone());
            text.replace(|c| matches!(c, '\u{2066}'..='\u{2069}'), "")
        };
        for (seconds, expected) in [
            (0, "2026-11-27 20:00, now"),
            (-59, "2026-11-27 19:59, now"),
            (60, "2026-11-27 20:01, in 1 minute"),
            (-7140, "2026-11-27 18:01, 119 minutes ago"),
            (7200, "2026-11-27 22:00, in 2 hours"),
            (172_800, "2026-11-29 20:00, in 2 days"),
            (-259_200, "2026-11-24 20:00, 3 days ago"),
            (31_536_000, "2027-11-27 20:00"),
        ] {
            assert_eq!(said(Locale::En, seconds), expected);
        }
        assert_eq!(said(Locale::Es, 259_200), "2026-11-30 20:00, dentro de 3 días");
        assert!(said(Locale::Ar, 259_200).contains("2026-11-30 20:00"));
    }
}
