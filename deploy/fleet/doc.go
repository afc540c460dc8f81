// Package fleet runs a whole Forestock on one machine: a hub, agents, their
// devices on pseudo terminals, and the lines between them, which can be cut.
//
// It promises that the parts are the real ones: what it starts is what an
// operator installs, in this process or as processes of their own that can be
// killed. Everything listens on loopback and ends with Run.
package fleet
