use serde::Deserialize;

/// `[tokens]` of the settings: what holds for the tokens that the agent issues.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Said")]
pub(super) struct TokenSettings {
    pub(super) default_days: u32,
    pub(super) max_days: u32,
    pub(super) max_active: usize,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    default_expiration_days: Option<u32>,
    max_expiration_days: Option<u32>,
    max_active: Option<usize>,
}

const USUAL_DAYS: u32 = 90;
const USUAL_MAX_DAYS: u32 = 365;
const USUAL_MAX_ACTIVE: usize = 10;

/// The largest number of days in the settings, about a century.
const MOST_DAYS: u32 = 36_500;

impl Default for TokenSettings {
    fn default() -> Self {
        TokenSettings { default_days: USUAL_DAYS, max_days: USUAL_MAX_DAYS, max_active: USUAL_MAX_ACTIVE }
    }
}

impl TryFrom<Said> for TokenSettings {
    type Error = String;

    fn try_from(said: Said) -> Result<Self, String> {
        let max_days = said.max_expiration_days.unwrap_or(USUAL_MAX_DAYS);
        let default_days = said.default_expiration_days.unwrap_or(USUAL_DAYS.min(max_days));
        if !(1..=MOST_DAYS).contains(&max_days) {
            return Err(format!("max_expiration_days is a number of days from 1 to {MOST_DAYS}"));
        }
        if !(1..=max_days).contains(&default_days) {
            return Err(format!(
                "default_expiration_days is a number of days from 1 to max_expiration_days, {max_days}"
            ));
        }
        Ok(TokenSettings { default_days, max_days, max_active: said.max_active.unwrap_or(USUAL_MAX_ACTIVE) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_days_out_of_range_is_an_error() {
        let days = |text: &str| toml_edit::de::from_str::<TokenSettings>(text).map(|it| (it.default_days, it.max_days));
        assert_eq!((days("").unwrap(), days("max_expiration_days = 30").unwrap()), ((90, 365), (30, 30)));
        assert_eq!(days("default_expiration_days = 400\nmax_expiration_days = 500").unwrap(), (400, 500));
        for bad in [
            "max_expiration_days = 0",
            "max_expiration_days = -1",
            "max_expiration_days = 36501",
            "max_expiration_days = 1.5",
            "default_expiration_days = 0",
            "default_expiration_days = 366",
            "default_expiration_days = 31\nmax_expiration_days = 30",
            "max_days = 1",
        ] {
            assert!(days(bad).is_err(), "{bad}");
        }
    }
}
