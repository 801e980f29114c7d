//! The parameters of a query as any server may read them. Servers decode more or less of them, and spell names anew:
//! each reading is judged, since nobody here knows which server it is.

use std::iter::successors;

use percent_encoding::percent_decode_str;

/// How often a parameter may be decoded on its way.
const DECODED: usize = 3;

/// The parameters with their values in every reading, names in small letters: some servers decode more than once, or
/// what others do not, and what was decoded may hold what ends a parameter or its name.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let readings = successors(Some(query.to_owned()), move |text| Some(decode(text))).take(1 + DECODED);
    let of_asp = successors(Some(query.to_owned()), move |text| Some(decode(&asp_decoded(text)))).take(1 + DECODED);
    let named = |pair: &str| {
        let value = pair.split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default();
        names(pair).map(|name| (name, value.clone()))
    };
    readings.chain(of_asp.skip(1)).flat_map(move |text| text.split(['&', ';', '?']).flat_map(named).collect::<Vec<_>>())
}

/// Classic ASP and ASP.NET decode `%u0061`, too.
fn asp_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.strip_prefix(['u', 'U']).and_then(|wide| wide.split_at_checked(4));
        let digits = digits.filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let wide = digits.and_then(|(digits, rest)| Some((u32::from_str_radix(digits, 16).ok()?, rest)));
        match wide.and_then(|(code, rest)| Some((char::from_u32(code)?, rest))) {
            Some((c, rest)) => {
                decoded.push(c);
                decoded.push_str(rest);
            }
            None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

/// The names that a parameter may have: Rack and others leave brackets before a name away, and cut it at the next one;
/// PHP cuts it at one that is closed, and else writes an underscore for it, as for all that its variables cannot have
/// in their names.
fn names(pair: &str) -> [String; 2] {
    let whole = pair.trim().split(['=', '\0']).next().unwrap_or_default().trim();
    let cut = whole.trim_start_matches(['[', ']']).split(['[', ']']).next().unwrap_or_default().trim();
    let spelled = |name: &str| name.to_lowercase().replace(['.', '-', ' ', '['], "_");
    [spelled(cut), spelled(whole)]
}
