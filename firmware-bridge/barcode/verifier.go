package barcode

// Verifier returns the check digit of a price or weight field of four or five digits, as scales put it before the field.
// GS1 General Specifications 7.9.3 and 7.9.4 (algorithm also in aidc-toolkit/gs1).
func Verifier(field string) (byte, error) {
	if !numeric(field) {
		return 0, refuse(NotNumeric, field, "")
	}
	if len(field) != 4 && len(field) != 5 {
		return 0, refuse(BadLength, field, "")
	}
	return verifierOf(field), nil
}

func verifierOf(field string) byte {
	if len(field) == 4 {
		sum := 0
		for i, weigh := range []func(int) int{twoMinus, twoMinus, three, fiveMinus} {
			sum += weigh(int(field[i] - '0'))
		}
		return byte('0' + 3*sum%10)
	}
	sum := 0
	for i, weigh := range []func(int) int{fivePlus, twoMinus, fiveMinus, fivePlus, twoMinus} {
		sum += weigh(int(field[i] - '0'))
	}
	want := (10 - sum%10) % 10
	for d := range 10 {
		if fiveMinus(d) == want {
			return byte('0' + d)
		}
	}
	return '0' // unreachable: fiveMinus is a permutation of the digits
}

// The weighting factors: 2-, 3, 5+ and 5- of the specification.
func twoMinus(d int) int  { return (2*d - 2*d/10 + 10) % 10 }
func three(d int) int     { return 3 * d % 10 }
func fivePlus(d int) int  { return (5*d + 5*d/10) % 10 }
func fiveMinus(d int) int { return (5*d - 5*d/10 + 10) % 10 }
