package barcode

import (
	"fmt"
	"time"
)

// Date is a day without a time or a zone. The zero Date is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String writes the date as 2026-08-31.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// parseDate reads YYMMDD. Day 00 means the last day of the month. GS1 General Specifications 3.4.2, 7.12.
func parseDate(s string, at time.Time) (Date, Reason) {
	if len(s) != 6 || !numeric(s) {
		return Date{}, BadLength
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	d := Date{century(two(0), at), time.Month(two(2)), two(4)}
	if d.Month < 1 || d.Month > 12 {
		return Date{}, BadMonth
	}
	last := time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if d.Day > last {
		return Date{}, BadDay
	}
	if d.Day == 0 {
		d.Day = last
	}
	return d, ""
}

// century puts a two-digit year into the hundred years from 49 before to 50 after the present one.
func century(yy int, at time.Time) int {
	now := at.Year()
	if at.IsZero() {
		now = 2025
	}
	year := now - now%100 + yy
	switch {
	case yy-now%100 >= 51:
		return year - 100
	case yy-now%100 <= -50:
		return year + 100
	}
	return year
}
