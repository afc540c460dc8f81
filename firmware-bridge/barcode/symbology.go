package barcode

import "strings"

// symbology names the symbology by its AIM identifier (ISO/IEC 15424).
func symbology(s Symbol) string {
	switch {
	case len(s.AIM) != 3:
		return ""
	case s.AIM == "]E0":
		return eanName(s.Data)
	case s.AIM == "]E4":
		return "EAN8"
	case s.AIM == "]C1":
		return "GS1-128"
	}
	switch s.AIM[1] {
	case 'A':
		return "Code39"
	case 'C':
		return "Code128"
	case 'E':
		return "EAN13"
	case 'I':
		return "ITF"
	case 'J':
		return "DotCode"
	case 'Q':
		return "QR"
	case 'd':
		return "DataMatrix"
	case 'e':
		return "DataBar"
	}
	return "other"
}

// eanName tells what was printed, as far as 13 digits do: scanners send UPC-A and UPC-E with zeros in front.
func eanName(data string) string {
	digits, _, _ := strings.Cut(data, "|")
	switch {
	case len(digits) != 13 || digits[0] != '0' || !numeric(digits):
		return "EAN13"
	case suppressible(digits[1:]):
		return "UPC-E as EAN13"
	case strings.IndexByte("245", digits[1]) >= 0:
		return "UPC-A/EAN13" // GS1 prefixes 02, 04 and 05 are in use for restricted numbers and coupons in either form
	}
	return "UPC-A"
}

// suppressible reports whether twelve digits have a UPC-E form. GS1 General Specifications 5.2.2.4.
func suppressible(d string) bool {
	maker, item := d[1:6], d[6:11]
	switch {
	case d[0] > '1':
		return false
	case maker[2] <= '2' && maker[3:] == "00":
		return item[:2] == "00"
	case maker[3:] == "00":
		return item[:3] == "000"
	case maker[4] == '0':
		return item[:4] == "0000"
	}
	return item[:4] == "0000" && item[4] >= '5'
}
