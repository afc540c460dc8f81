// Package e2e tests the whole system: real agents, a real hub, devices on
// pseudo terminals, and the platform's own calls. It also holds the map of
// who may import whom.
package e2e
