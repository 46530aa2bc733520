//! Days, for suppressions that end.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// The day (in UTC) on which `seconds` have passed since the start of 1970.
    pub fn from_unix_seconds(seconds: u64) -> Self {
        // Howard Hinnant's `civil_from_days`: http://howardhinnant.github.io/date_algorithms.html
        let days = seconds / 86_400 + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        Self { year: year as u16, month: month as u8, of_month: day as u8 }
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no day: write it as 2027-06-30");
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wrong()) };
        let well_formed = [(year, 4), (month, 2), (day, 2)]
            .iter()
            .all(|(part, length)| part.len() == *length && part.bytes().all(|b| b.is_ascii_digit()));
        if !well_formed {
            return Err(wrong());
        }
        let read = Self {
            year: year.parse().map_err(|_| wrong())?,
            month: month.parse().map_err(|_| wrong())?,
            of_month: day.parse().map_err(|_| wrong())?,
        };
        if (1..=12).contains(&read.month) && (1..=31).contains(&read.of_month) { Ok(read) } else { Err(wrong()) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_compared_and_counted() {
        let day = |t: &str| t.parse::<Day>();
        assert!(day("2026-12-31") < day("2027-01-01"));
        assert_eq!(day("2026-02-03").map(|d| d.to_string()), Ok("2026-02-03".into()));
        for wrong in ["tomorrow", "2026-13-01", "2026-1-1", "20260101", "2026-01-00", "+026-01-01"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Day::from_unix_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Day::from_unix_seconds(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Day::from_unix_seconds(1_798_761_599).to_string(), "2026-12-31");
    }
}
