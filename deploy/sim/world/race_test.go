//go:build race

package world_test

// seeds is how many the test runs: the race detector makes each of them several
// times as dear. `make test` runs fifty without it.
const seeds = 4
