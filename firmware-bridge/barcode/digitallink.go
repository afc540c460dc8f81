package barcode

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// keyQualifiers lists the primary keys of GS1 Digital Link and the sequences of qualifiers that may follow each in the
// path. GS1 Digital Link Standard: URI Syntax 4.5, 4.6.
func keyQualifiers(key string) (sequences [][]string, primary bool) {
	switch key {
	case "00", "253", "255", "401", "402", "8003", "8013":
		return nil, true
	case "01":
		return [][]string{{"22", "10", "21"}, {"235"}}, true
	case "8006":
		return [][]string{{"22", "10", "21"}}, true
	case "414":
		return [][]string{{"254"}, {"7040"}}, true
	case "417", "8004":
		return [][]string{{"7040"}}, true
	case "415":
		return [][]string{{"8020"}}, true
	case "8010":
		return [][]string{{"8011"}}, true
	case "8017", "8018":
		return [][]string{{"8019"}}, true
	}
	return nil, false
}

// parseLink reads a GS1 Digital Link URI: the right-most primary key of the path, its qualifiers behind it, and attributes
// in the query. Elements nil and no error mean that it is some other address.
func (r Rules) parseLink(uri string, at time.Time) ([]Element, *Error) {
	path, query, ok := cutLink(uri)
	if !ok {
		return nil, nil
	}
	all, err := r.linkPath(uri, path, at)
	if err != nil || all == nil {
		return nil, err
	}
	sequences, _ := keyQualifiers(all[0].AI)
	for part := range strings.FieldsFuncSeq(query, func(c rune) bool { return c == '&' || c == ';' }) {
		name, value, _ := strings.Cut(part, "=")
		if !numeric(name) {
			continue // other parameters are none of our business
		}
		_, primary := keyQualifiers(name)
		qualifier := slices.ContainsFunc(sequences, func(s []string) bool { return slices.Contains(s, name) })
		if primary || qualifier { // they belong into the path
			return nil, refuse(BadLink, uri, "("+name+")")
		}
		plain, bad := url.QueryUnescape(value)
		if bad != nil {
			return nil, refuse(BadLink, uri, "("+name+")")
		}
		e, err := r.linkElement(uri, name, plain, at)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(o Element) bool { return o.AI == name }) {
			return nil, refuse(Repeated, uri, "("+name+")")
		}
		all = append(all, e)
	}
	if len(all) > maxElements {
		return nil, refuse(TooMany, uri, "")
	}
	return all, nil
}

// cutLink takes an address apart. The scheme is http or https in one case; a fragment says nothing.
func cutLink(uri string) (path, query string, ok bool) {
	var rest string
	for _, scheme := range []string{"http://", "https://", "HTTP://", "HTTPS://"} {
		if after, found := strings.CutPrefix(uri, scheme); found {
			rest, ok = after, true
		}
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ = strings.Cut(rest, "?")
	host, path, found := strings.Cut(rest, "/")
	return path, query, ok && found && host != ""
}

// linkPath reads the pairs at the end of the path. Whatever stands before the primary key is the site's own.
func (r Rules) linkPath(uri, path string, at time.Time) ([]Element, *Error) {
	segments := strings.Split(path, "/")
	for i := len(segments) - 2; i >= 0; i -= 2 {
		if _, known := r.specs[segments[i]]; !known {
			return nil, nil
		}
		sequences, primary := keyQualifiers(segments[i])
		if !primary {
			continue
		}
		var all []Element
		for j := i; j < len(segments); j += 2 {
			plain, bad := url.PathUnescape(segments[j+1])
			if bad != nil {
				return nil, refuse(BadLink, uri, "("+segments[j]+")")
			}
			e, err := r.linkElement(uri, segments[j], plain, at)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		if !follows(all[1:], sequences) {
			return nil, refuse(BadLink, uri, "("+all[0].AI+")")
		}
		return all, nil
	}
	return nil, nil
}

// follows reports whether the qualifiers are some of one sequence, in its order.
func follows(qualifiers []Element, sequences [][]string) bool {
	if len(qualifiers) == 0 {
		return true
	}
	for _, sequence := range sequences {
		i := 0
		for _, ai := range sequence {
			if i < len(qualifiers) && qualifiers[i].AI == ai {
				i++
			}
		}
		if i == len(qualifiers) {
			return true
		}
	}
	return false
}

func (r Rules) linkElement(uri, ai, value string, at time.Time) (Element, *Error) {
	parts, known := r.specs[ai]
	if !known {
		return Element{}, refuse(UnknownAI, uri, "("+ai+")")
	}
	if reason := checkValue(parts, value, at); reason != "" {
		return Element{}, refuse(reason, uri, "("+ai+")")
	}
	return Element{ai, value}, nil
}
