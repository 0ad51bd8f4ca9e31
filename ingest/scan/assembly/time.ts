// eventTime: "YYYY-MM-DDTHH:MM:SSZ" and nothing else.

/** Set by parseTime. */
export let seconds: i32 = 0;

// The date before, and its midnight: most records of a file are of one day.
let knownYearMonth: u64 = 0;
let knownDay: u16 = 0;
let knownMidnight: i64 = 0;

/**
 * Reads the time in the `length` bytes at p (quotes included) into `seconds`. False when it is not
 * of the form, not a date of the calendar, or outside what 32 bits hold (1901 to 2038).
 */
export function parseTime(p: usize, length: usize): bool {
  if (length != 22 || load<u8>(p) != 0x22) return false;
  if (load<u8>(p, 8) != 0x2d || load<u8>(p, 11) != 0x54 || load<u8>(p, 20) != 0x5a) return false;
  if (load<u8>(p, 14) != 0x3a || load<u8>(p, 17) != 0x3a) return false;
  if (load<u64>(p + 1) != knownYearMonth || load<u16>(p + 9) != knownDay) {
    if (!parseDate(p + 1)) return false;
  }
  const hour = pair(p + 12);
  const minute = pair(p + 15);
  const second = pair(p + 18);
  if (hour > 23 || minute > 59 || second > 59) return false;
  const time = knownMidnight + <i64>(hour * 3600 + minute * 60 + second);
  if (time < -0x80000000 || time > 0x7fffffff) return false;
  seconds = <i32>time;
  return true;
}

/** Two digits as a number; more than 99 when they are none. */
function pair(p: usize): u32 {
  const tens = <u32>load<u8>(p) - 0x30;
  const units = <u32>load<u8>(p, 1) - 0x30;
  return tens > 9 || units > 9 ? 1000 : tens * 10 + units;
}

function parseDate(p: usize): bool {
  const century = pair(p);
  const ofCentury = pair(p + 2);
  const month = pair(p + 5);
  const day = pair(p + 8);
  if (load<u8>(p, 4) != 0x2d || century > 99 || ofCentury > 99) return false;
  const year = century * 100 + ofCentury;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  knownYearMonth = load<u64>(p);
  knownDay = load<u16>(p + 8);
  knownMidnight = daysSince1970(year, month, day) * 86400;
  return true;
}

function daysIn(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** In the proleptic Gregorian calendar, counting from March so that the leap day comes last. */
function daysSince1970(year: u32, month: u32, day: u32): i64 {
  const y = <i64>year - (month <= 2 ? 1 : 0);
  const era = (y >= 0 ? y : y - 399) / 400;
  const yearOfEra = y - era * 400;
  const monthFromMarch = <i64>((month + 9) % 12);
  const dayOfYear = (153 * monthFromMarch + 2) / 5 + <i64>day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
