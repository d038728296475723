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
	"strings"
	"time"
)

// keys are made anew at each start; nothing of them is worth keeping.
type keys struct {
	ca, cert, key, tokens, kubeconfig string
	token                             string
	pool                              *x509.CertPool
}

// newKeys writes the keys of a cluster; with a network, also those of the node behind it.
func newKeys(dir string, port int, node *network) (*keys, error) {
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
	addresses := []net.IP{net.IPv4(127, 0, 0, 1)}
	if node != nil {
		addresses = append(addresses, node.addresses()...)
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature,
		// The API server shows it to the kubelet as well.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: addresses, DNSNames: []string{"localhost"},
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, &serverKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(serverKey)
	if err != nil {
		return nil, err
	}
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER})
	result.pool = x509.NewCertPool()
	result.pool.AppendCertsFromPEM(caPEM)
	files := map[string][]byte{
		result.ca:   caPEM,
		result.cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serverDER}),
		result.key:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
	}
	var tokens strings.Builder
	// Groups are those by which the API server's own rules know its components.
	identity := func(file, host, user, groups string) string {
		random := make([]byte, 32)
		_, _ = rand.Read(random)
		token := hex.EncodeToString(random)
		fmt.Fprintf(&tokens, "%s,%s,%s,%s\n", token, user, user, groups)
		files[file] = kubeconfig(fmt.Sprintf("https://%s:%d", host, port), caPEM, token)
		return token
	}
	result.token = identity(result.kubeconfig, "127.0.0.1", "administrator", "system:masters")
	if node != nil {
		identity(path("node.kubeconfig"), node.host(), "system:node:"+nodeName, "system:nodes")
		identity(path("proxy.kubeconfig"), node.host(), "system:kube-proxy", "")
		identity(path("policies.kubeconfig"), node.host(), "kube-router", "system:masters")
	}
	files[result.tokens] = []byte(tokens.String())
	for name, content := range files {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func kubeconfig(server string, ca []byte, token string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: conformance
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: user
  user:
    token: %s
contexts:
- name: conformance
  context:
    cluster: conformance
    user: user
current-context: conformance
`, server, base64.StdEncoding.EncodeToString(ca), token)
}

func (k *keys) client() administrator {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: k.pool}}
	return administrator{http: &http.Client{Transport: transport, Timeout: 10 * time.Second}, token: k.token}
}
