//! One line for each figure: what came out, beside whom it was measured, and what it may be at most or has to be at
//! least. A figure that cannot be taken has its line too, with the reason.
#![allow(dead_code, reason = "each benchmark uses its own part")]

use super::home::median;

/// What a figure has to keep to.
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
    /// It is shown and nothing more.
    None,
}

pub fn heading() {
    println!("{:<52} {:>9}  {:<34} limit", "figure", "", "peer, or unit");
}

pub fn row(figure: &str, value: f64, peer: &str, limit: &Limit) {
    let (limit, keeps) = match limit {
        Limit::AtMost(most) => (format!("≤ {most}"), value <= *most),
        Limit::AtLeast(least) => (format!("≥ {least}"), value >= *least),
        Limit::None => (String::new(), true),
    };
    let over = if keeps { "" } else { "  MISSED" };
    println!("{figure:<52} {value:>9.2}  {peer:<34} {limit}{over}");
}

/// A figure that cannot be taken here.
pub fn missing(figure: &str, why: &str) {
    println!("{figure:<52} {:>9}  {why}", "-");
}

/// The median of the ratios of each round: a moment at which the machine was slow changes both sides of its pair.
pub fn ratio(figure: &str, own: &[f64], peers: &[f64], peer: &str, limit: &Limit) {
    let ratios = own.iter().zip(peers).map(|(own, peer)| own / peer).collect();
    row(figure, median(ratios), peer, limit);
}
