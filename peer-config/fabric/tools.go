//go:build tools

// Package tools pins the Hyperledger Fabric and Fabric CA programs of a neighbourhood,
// so that go.sum proves what `npm run setup` builds.
package tools

import (
	_ "github.com/hyperledger/fabric-ca/cmd/fabric-ca-server"
	_ "github.com/hyperledger/fabric/cmd/configtxgen"
	_ "github.com/hyperledger/fabric/cmd/orderer"
	_ "github.com/hyperledger/fabric/cmd/peer"
)
