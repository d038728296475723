package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// keys are made anew at each start; nothing of them is worth keeping.
type keys struct {
	ca, cert, key, tokens, kubeconfig string
	token                             string
	pool                              *x509.CertPool
}

func newKeys(dir string, port int) (*keys, error) {
	path := func(name string) string { return filepath.Join(dir, name) }
	result := &keys{
		ca: path("ca.crt"), cert: path("server.crt"), key: path("server.key"),
		tokens: path("tokens.csv"), kubeconfig: path("kubeconfig"),
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "conformance"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, &serverKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(serverKey)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	result.token = hex.EncodeToString(random)
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER})
	result.pool = x509.NewCertPool()
	result.pool.AppendCertsFromPEM(caPEM)
	kubeconfig := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: conformance
  cluster:
    server: https://127.0.0.1:%d
    certificate-authority-data: %s
users:
- name: administrator
  user:
    token: %s
contexts:
- name: conformance
  context:
    cluster: conformance
    user: administrator
current-context: conformance
`, port, base64.StdEncoding.EncodeToString(caPEM), result.token)
	for name, content := range map[string][]byte{
		result.ca:         caPEM,
		result.cert:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serverDER}),
		result.key:        pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
		result.tokens:     []byte(result.token + ",administrator,administrator,system:masters\n"),
		result.kubeconfig: []byte(kubeconfig),
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func (k *keys) client() administrator {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: k.pool}}
	return administrator{http: &http.Client{Transport: transport, Timeout: 10 * time.Second}, token: k.token}
}
