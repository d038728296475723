// Vault's own core and API in memory, with versioned keys and values, and sign-in by JWT and by AWS. It says its root token.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"

	log "github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	aws "github.com/hashicorp/vault/builtin/credential/aws"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// registry has the three plugins, and no others.
type registry struct{}

var plugins = map[string]func() (any, error){
	"kv":  func() (any, error) { return logical.Factory(kv.Factory), nil },
	"jwt": func() (any, error) { return logical.Factory(jwt.Factory), nil },
	"aws": func() (any, error) { return logical.Factory(aws.Factory), nil },
}

func typeOf(name string) consts.PluginType {
	if name == "kv" {
		return consts.PluginTypeSecrets
	}
	return consts.PluginTypeCredential
}

func (registry) Contains(name string, kind consts.PluginType) bool {
	_, is := plugins[name]
	return is && typeOf(name) == kind
}

func (r registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	return plugins[name], r.Contains(name, kind)
}

func (r registry) Keys(kind consts.PluginType) []string {
	keys := []string{}
	for name := range plugins {
		if typeOf(name) == kind {
			keys = append(keys, name)
		}
	}
	return keys
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	logger := log.New(&log.LoggerOptions{Level: log.Error})
	physical, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           physical,
		DisableMlock:       true,
		Logger:             logger,
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{"jwt": jwt.Factory, "aws": aws.Factory},
		BuiltinRegistry:    registry{},
	})
	if err != nil {
		return err
	}
	seal := &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}
	made, err := core.Initialize(context.Background(), &vault.InitParams{BarrierConfig: seal, RecoveryConfig: seal})
	if err != nil {
		return err
	}
	if _, err := core.Unseal(made.SecretShares[0]); err != nil {
		return fmt.Errorf("unseal %s: %w", hex.EncodeToString(made.SecretShares[0]), err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}})
	fmt.Printf("listening on %s with %s\n", listener.Addr(), made.RootToken)
	return http.Serve(listener, handler)
}
