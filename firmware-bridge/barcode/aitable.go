package barcode

import (
	"strings"
	"sync"
)

// aiTable lists the application identifiers of the GS1 General Specifications, section 3.2. After the identifier, or the
// first and last of a range, come the components of its value: N digits, X characters of the set 82, Y of the set 39, Z of
// the set 64; a length or a largest length; what else must hold: check = the last digit is a check digit over the
// component, date = YYMMDD, day0 = YYMMDD where day 00 means the end of the month, hhmm and hh = a time. A component in
// brackets may be absent.
const aiTable = `
00 N18,check
01-03 N14,check
10 X..20
11-13 N6,day0
15-17 N6,day0
20 N2
21-22 X..20
235 X..28
240-241 X..30
242 N..6
243 X..20
250-251 X..30
253 N13,check [X..17]
254 X..20
255 N13,check [N..12]
30 N..8
3100-3105 N6
3110-3115 N6
3120-3125 N6
3130-3135 N6
3140-3145 N6
3150-3155 N6
3160-3165 N6
3200-3205 N6
3210-3215 N6
3220-3225 N6
3230-3235 N6
3240-3245 N6
3250-3255 N6
3260-3265 N6
3270-3275 N6
3280-3285 N6
3290-3295 N6
3300-3305 N6
3310-3315 N6
3320-3325 N6
3330-3335 N6
3340-3345 N6
3350-3355 N6
3360-3365 N6
3370-3375 N6
3400-3405 N6
3410-3415 N6
3420-3425 N6
3430-3435 N6
3440-3445 N6
3450-3455 N6
3460-3465 N6
3470-3475 N6
3480-3485 N6
3490-3495 N6
3500-3505 N6
3510-3515 N6
3520-3525 N6
3530-3535 N6
3540-3545 N6
3550-3555 N6
3560-3565 N6
3570-3575 N6
3600-3605 N6
3610-3615 N6
3620-3625 N6
3630-3635 N6
3640-3645 N6
3650-3655 N6
3660-3665 N6
3670-3675 N6
3680-3685 N6
3690-3695 N6
37 N..8
3900-3909 N..15
3910-3919 N3 N..15
3920-3929 N..15
3930-3939 N3 N..15
3940-3943 N4
3950-3955 N6
400-401 X..30
402 N17,check
403 X..30
410-417 N13,check
420 X..20
421 N3 X..9
422 N3
423 N..15
424 N3
425 N..15
426 N3
427 X..3
4300-4301 X..35
4302-4306 X..70
4307 X2
4308 X..30
4309 N10 N10
4310-4311 X..35
4312-4316 X..70
4317 X2
4318 X..20
4319 X..30
4320 X..35
4321-4323 N1
4324-4325 N6,day0 N4,hhmm
4326 N6,date
4330-4333 N6 [X1]
7001 N13
7002 X..30
7003 N6,date N4,hhmm
7004 N..4
7005 X..12
7006 N6,date
7007 N6,date [N6,date]
7008 X..3
7009 X..10
7010 X..2
7011 N6,date [N4,hhmm]
7020-7022 X..20
7023 X..30
7030-7039 N3 X..27
7040 N1 X1 X1 X1
710-715 X..20
7230-7239 X2 X..28
7240 X..20
7241 N2
7242 X..25
8001 N4 N5 N3 N1 N1
8002 X..20
8003 N1 N13,check [X..16]
8004 X..30
8005 N6
8006 N14,check N4
8007 X..34
8008 N6,date N2,hh [N..4]
8009 X..50
8010 Y..30
8011 N..12
8012 X..20
8013 X..25
8017-8018 N18,check
8019 N..10
8020 X..25
8026 N14,check N4
8030 Z..90
8110 X..70
8111 N4
8112 X..70
8200 X..70
90 X..30
91-99 X..90
`

// aiLength returns how many digits an identifier has that begins with these two; 0 when none does.
func aiLength(first2 string) int {
	switch first2 {
	case "00", "01", "02", "03", "10", "11", "12", "13", "14", "15", "16", "17", "20", "21", "22", "30", "37",
		"90", "91", "92", "93", "94", "95", "96", "97", "98", "99":
		return 2
	case "23", "24", "25", "40", "41", "42", "71":
		return 3
	case "31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82":
		return 4
	}
	return 0
}

// predefined returns the length of the values, for identifiers that begin with these two, that need no separator behind
// them; 0 for all others. GS1 General Specifications 7.8.5.
func predefined(first2 string) int {
	switch first2 {
	case "00":
		return 18
	case "01", "02", "03":
		return 14
	case "04":
		return 16
	case "20":
		return 2
	case "11", "12", "13", "14", "15", "16", "17", "18", "19", "31", "32", "33", "34", "35", "36":
		return 6
	case "41":
		return 13
	}
	return 0
}

// aiSpecs is aiTable by identifier.
type aiSpecs map[string][]component

// specTable is read once; nobody changes it.
var specTable = sync.OnceValue(func() aiSpecs { return parseAITable(aiTable) })

func parseAITable(table string) aiSpecs {
	specs := aiSpecs{}
	for entry := range strings.Lines(table) {
		fields := strings.Fields(entry)
		if len(fields) < 2 {
			continue
		}
		var parts []component
		for _, f := range fields[1:] {
			parts = append(parts, parseComponent(f))
		}
		ai, last, _ := strings.Cut(fields[0], "-")
		specs[ai] = parts
		for last != "" && ai != last {
			ai = next(ai)
			specs[ai] = parts
		}
	}
	return specs
}

// next adds one to the digits of an identifier.
func next(ai string) string {
	digits := []byte(ai)
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i]++; digits[i] <= '9' {
			break
		}
		digits[i] = '0'
	}
	return string(digits)
}
