// SPDX-License-Identifier: GPL-2.0

//! Dates of the Gregorian calendar.

const MONTHS: [(&str, u64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];

const fn is_leap(year: u64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The time `seconds` after the start of 1970, in words.
pub fn utc(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86400, seconds % 86400);
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let mut month = MONTHS[11].0;
    for (name, length) in MONTHS {
        let leap_day = u64::from(name == "February" && is_leap(year));
        if days < length + leap_day {
            month = name;
            break;
        }
        days -= length + leap_day;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{} {month} {year}, {hour:02}:{minute:02} UTC", days + 1)
}

#[cfg(test)]
mod tests {
    use super::utc;

    /// Expected values are those of `date -u`.
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1 January 1970, 00:00 UTC"),
            (951_782_399, "28 February 2000, 23:59 UTC"),
            (951_782_400, "29 February 2000, 00:00 UTC"),
            (1_795_574_400, "25 November 2026, 02:40 UTC"),
            (4_107_542_399, "28 February 2100, 23:59 UTC"),
            (4_107_542_400, "1 March 2100, 00:00 UTC"),
        ] {
            assert_eq!(utc(seconds), expected, "{seconds}");
        }
    }
}
