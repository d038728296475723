// An OpenID Connect provider that is not ours: dex, with its records in memory. It is told everything by flags,
// prints "ready" when it listens, and ends with its standard input.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/dexidp/dex/web"
	"github.com/sirupsen/logrus"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	address := flag.String("address", "", "where it listens, as host:port")
	redirect := flag.String("redirect", "", "the one redirect URI of the client")
	secret := flag.String("secret", "", "of the confidential client \"berth\"")
	email := flag.String("email", "", "of the one person")
	password := flag.String("password", "", "of the one person")
	flag.Parse()
	if err := run(*address, *redirect, *secret, *email, *password); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, redirect, secret, email, password string) error {
	log := logrus.New()
	log.SetLevel(logrus.WarnLevel)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	records := memory.New(log)
	records = storage.WithStaticClients(records, []storage.Client{
		{ID: "berth", Name: "Berth", Secret: secret, RedirectURIs: []string{redirect}},
		{ID: "berth-terminal", Name: "A terminal", Public: true, RedirectURIs: []string{"/device/callback"}},
	})
	records = storage.WithStaticPasswords(records, []storage.Password{
		{Email: email, Hash: hash, Username: "Katherine Johnson", UserID: "08a8684b-db88-4b73-90a9-3cd1661f5466"},
	}, log)
	records = storage.WithStaticConnectors(records, []storage.Connector{
		{ID: server.LocalConnector, Type: server.LocalConnector, Name: "E-mail"},
	})
	refresh, err := server.NewRefreshTokenPolicy(log, true, "", "", "")
	if err != nil {
		return err
	}
	handler, err := server.NewServer(context.Background(), server.Config{
		Issuer:             "http://" + address,
		Storage:            records,
		SkipApprovalScreen: true,
		PasswordConnector:  server.LocalConnector,
		RefreshTokenPolicy: refresh,
		IDTokensValidFor:   time.Hour,
		RotateKeysAfter:    time.Hour,
		Web:                server.WebConfig{WebFS: web.FS()},
		Logger:             log,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	go http.Serve(listener, handler)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
