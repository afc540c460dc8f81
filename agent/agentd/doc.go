// Package agentd wires the agent of one warehouse: devices, floor, ledger,
// station and uplink, in the order that a scan travels.
package agentd
