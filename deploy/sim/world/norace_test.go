//go:build !race

package world_test

// seeds is how many the test runs.
const seeds = 50
