// Command fabric-ca-server is Fabric CA's own server with one difference: it gives the registrar's attributes their
// names back. One Go module pins Fabric and Fabric CA, so the CA is built with Fabric's newer configuration library,
// which turns every key into lower case, and the CA knows `hf.Registrar.Roles` but not `hf.registrar.roles`.
//
//	fabric-ca-server start --home DIR
//	fabric-ca-server version
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hyperledger/fabric-ca/lib"
	"github.com/hyperledger/fabric-ca/lib/attr"
	"github.com/hyperledger/fabric-ca/lib/metadata"
	"github.com/hyperledger/fabric-ca/util"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

const name = "fabric-ca-server"

func main() {
	syscall.Umask(0o077)
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "version":
		fmt.Print(metadata.GetVersionInfo(name))
	case len(args) == 3 && args[0] == "start" && args[1] == "--home":
		if err := start(args[2]); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %s\n", name, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintf(os.Stderr, "usage: %s start --home DIR | version\n", name)
		os.Exit(2)
	}
}

func start(home string) error {
	home, err := filepath.Abs(home)
	if err != nil {
		return err
	}
	config := &lib.ServerConfig{}
	values := viper.New()
	// The defaults of settings that the file does not mention are those of the command's flags.
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	help := map[string]string{
		"help.csr.cn":           "common name of the CA's certificate",
		"help.csr.serialnumber": "serial number in the subject of the CA's certificate",
		"help.csr.hosts":        "names and addresses in the server's TLS certificate",
	}
	for _, section := range []any{config, &lib.CAConfig{}} {
		if err := util.RegisterFlags(values, flags, section, help); err != nil {
			return err
		}
	}
	file := filepath.Join(home, name+"-config.yaml")
	if err := lib.UnmarshalConfig(config, values, file, true); err != nil {
		return err
	}
	// CFSSL cannot tell a path length of 0 from none.
	const pathLength = "csr.ca.pathlength"
	config.CAcfg.CSR.CA.PathLenZero = values.IsSet(pathLength) && values.GetInt(pathLength) == 0
	restoreAttributeNames(config.CAcfg.Registry.Identities)
	server := &lib.Server{
		HomeDir:       home,
		Config:        config,
		BlockingStart: true,
		CA:            lib.CA{Config: &config.CAcfg, ConfigFilePath: file},
	}
	return server.Start()
}

var attributeNames = []string{
	attr.Roles, attr.DelegateRoles, attr.RegistrarAttr, attr.Revoker, attr.GenCRL, attr.AffiliationMgr, attr.IntermediateCA,
}

func restoreAttributeNames(identities []lib.CAConfigIdentity) {
	for _, identity := range identities {
		for _, proper := range attributeNames {
			lower := strings.ToLower(proper)
			if value, found := identity.Attrs[lower]; found {
				delete(identity.Attrs, lower)
				identity.Attrs[proper] = value
			}
		}
	}
}
