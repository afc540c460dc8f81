package barcode

import "strings"

// GTIN is an article number in the form used as a key: 14 digits, shorter numbers padded with zeros on the left.
type GTIN string

// ParseGTIN reads 8, 12, 13 or 14 digits with a right check digit. Eight digits are taken as a GTIN-8; see ExpandUPCE.
func ParseGTIN(digits string) (GTIN, error) {
	if !numeric(digits) {
		return "", refuse(NotNumeric, digits, "")
	}
	switch len(digits) {
	case 8, 12, 13, 14:
	default:
		return "", refuse(BadLength, digits, "")
	}
	if err := checkLast(digits); err != nil {
		if short, padded := strings.CutPrefix(digits, "000000"); padded && len(short) == 8 {
			if _, notUPCE := ExpandUPCE(short); notUPCE == nil {
				err.Reason = PaddedUPCE
			}
		}
		return "", err
	}
	return GTIN(strings.Repeat("0", 14-len(digits)) + digits), nil
}

// Short writes the number as it is printed below the bars: 8, 12, 13 or 14 digits.
func (g GTIN) Short() string {
	for _, n := range []int{8, 12, 13} {
		if zeros := 14 - n; len(g) == 14 && strings.Trim(string(g[:zeros]), "0") == "" {
			return string(g[zeros:])
		}
	}
	return string(g)
}

// Variable reports whether the number is that of an article of variable measure (GTIN-14 with indicator 9), which needs a
// weight or another measure beside it.
func (g GTIN) Variable() bool { return strings.HasPrefix(string(g), "9") }

// ExpandUPCE returns the 12 digits that the 8 digits of a UPC-E symbol stand for, such as 012000003455 for 01234505. The
// same digits could be an EAN-8: only the symbology or the configuration tells.
func ExpandUPCE(digits string) (string, error) {
	if !numeric(digits) {
		return "", refuse(NotNumeric, digits, "")
	}
	if len(digits) != 8 {
		return "", refuse(BadLength, digits, "")
	}
	if digits[0] > '1' {
		return "", refuse(BadUPCE, digits, "number system")
	}
	d := digits[1:7]
	var long string
	switch last := d[5]; {
	case last <= '2':
		long = d[:2] + d[5:] + "0000" + d[2:5]
	case last == '3' && d[2] > '2':
		long = d[:3] + "00000" + d[3:5]
	case last == '4' && d[3] > '0':
		long = d[:4] + "00000" + d[4:5]
	case last >= '5' && d[4] > '0':
		long = d[:5] + "0000" + d[5:]
	default: // another form would have been shorter or is the right one
		return "", refuse(BadUPCE, digits, "zeros")
	}
	long = digits[:1] + long + digits[7:]
	if err := checkLast(long); err != nil {
		return "", &Error{Reason: BadCheckDigit, Code: digits, Want: err.Want}
	}
	return long, nil
}

// CheckDigit returns the GS1 check digit of the digits before it: weights 3 and 1 alternate from the right.
// GS1 General Specifications 7.9.1.
func CheckDigit(digits string) byte {
	sum, weight := 0, 3
	for i := len(digits) - 1; i >= 0; i-- {
		sum += int(digits[i]-'0') * weight
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10)
}

// checkLast compares the last digit with the check digit of the others.
func checkLast(digits string) *Error {
	want := CheckDigit(digits[:len(digits)-1])
	if digits[len(digits)-1] == want {
		return nil
	}
	return &Error{Reason: BadCheckDigit, Code: digits, Want: string(want)}
}

func numeric(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
