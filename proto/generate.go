// Package proto is the contract between agent, hub and platform: the messages
// in forestock/v1, the REST routes in http.yaml, the topics in topic, the
// encoding of frames and entries in wire, and the rules of stock in stock.
package proto

import _ "embed"

// OpenAPI describes the REST API (OpenAPI 2.0, JSON).
//
//go:embed openapi.swagger.json
var OpenAPI []byte

//go:generate buf generate
