package api

// maxPage is the largest page of any listing, maxBatch the most that one batch
// call takes.
const (
	maxPage  = 1000
	maxBatch = 500
)

// pageSize reads a page_size: 0 is the usual size, and more than the largest is
// the largest, as in AIP-158.
func pageSize(asked int32, usual int) (int, error) {
	switch {
	case asked < 0:
		return 0, invalid(InvalidPageSize, "page_size", "page_size %d is negative; ask for 1 to %d, or leave it out for %d", asked, maxPage, usual)
	case asked == 0:
		return usual, nil
	}
	return min(int(asked), maxPage), nil
}

// pagePlace reads a page_token; empty begins at the start.
func pagePlace(kind tokenKind, question, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	place, ok := placeOf(kind, question, token)
	if !ok {
		return "", invalid(InvalidPageToken, "page_token",
			"this page_token belongs to no listing like this one; hand back the next_page_token as it came, with the same question, or leave it out to begin again")
	}
	return place, nil
}

// page cuts one element more than asked off, which tells that there is a next
// page, and makes its token out of the last element that stays.
func page[T any](list []T, size int, token func(last T) string) (cut []T, next string) {
	if len(list) <= size {
		return list, ""
	}
	return list[:size], token(list[size-1])
}
