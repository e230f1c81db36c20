//go:build tools

// Package tools pins the Hyperledger Fabric programs of a neighbourhood, so that go.sum proves what
// `npm run setup` builds; Fabric CA is pinned by cmd/fabric-ca-server.
package tools

import (
	_ "github.com/hyperledger/fabric/cmd/configtxgen"
	_ "github.com/hyperledger/fabric/cmd/orderer"
	_ "github.com/hyperledger/fabric/cmd/peer"
)
