package barcode

// symbology names the symbology of an AIM identifier (ISO/IEC 15424).
func symbology(aim string) string {
	switch aim {
	case "":
		return ""
	case "]E4":
		return "EAN8"
	case "]C1":
		return "GS1-128"
	}
	switch aim[1] {
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
