package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	nodes "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	pods "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

// How simulated containers behave, by the words of their command.
//
//go:embed stages.yaml
var behaviours string

const (
	startTimeout = 120 * time.Second
	nodeCount    = 3
)

// up runs the whole cluster until its standard input ends or a signal comes; it prints one line when pods
// can be scheduled. The directory then has a kubeconfig for an administrator.
func up(args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory for data, keys and logs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("--dir is missing")
	}
	ports, err := freePorts(4)
	if err != nil {
		return err
	}
	etcd, peer, api, kubelet := ports[0], ports[1], ports[2], ports[3]
	keys, err := newKeys(*dir, api)
	if err != nil {
		return err
	}
	stages := filepath.Join(*dir, "stages.yaml")
	text := nodes.DefaultNodeInit + "\n---\n" + heartbeat.DefaultNodeHeartbeatWithLease + "\n---\n" +
		pods.DefaultPodDelete + "\n---\n" + fmt.Sprintf(behaviours, filepath.Join(*dir, "pod.log"))
	if err := os.WriteFile(stages, []byte(text), 0o600); err != nil {
		return err
	}
	line := time.Now().UTC().Format(time.RFC3339Nano) + " stderr F Error: no table \"guests\"\n"
	if err := os.WriteFile(filepath.Join(*dir, "pod.log"), []byte(line), 0o600); err != nil {
		return err
	}

	failed := make(chan error, 8)
	start := func(name string, args ...string) (*exec.Cmd, error) { return spawn(*dir, failed, name, args...) }
	var running []*exec.Cmd
	defer func() {
		// In the reverse order, so that nothing loses what it stands on while it stops.
		for at := len(running) - 1; at >= 0; at-- {
			_ = running[at].Process.Kill()
		}
	}()
	launch := func(name string, args ...string) error {
		command, err := start(name, args...)
		if err == nil {
			running = append(running, command)
		}
		return err
	}

	if err := launch("etcd", "--dir", filepath.Join(*dir, "etcd"), "--port", strconv.Itoa(etcd),
		"--peer-port", strconv.Itoa(peer)); err != nil {
		return err
	}
	if err := launch("apiserver",
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", etcd),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		fmt.Sprintf("--secure-port=%d", api),
		"--tls-cert-file="+keys.cert, "--tls-private-key-file="+keys.key,
		"--token-auth-file="+keys.tokens,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+keys.key, "--service-account-signing-key-file="+keys.key,
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=RBAC",
		// So that it is Pod Security that refuses.
		"--allow-privileged=true",
		"--kubelet-certificate-authority="+keys.ca,
		"--kubelet-preferred-address-types=InternalIP",
		"--watch-cache=true",
	); err != nil {
		return err
	}
	client := keys.client()
	base := fmt.Sprintf("https://127.0.0.1:%d", api)
	deadline := time.Now().Add(startTimeout)
	if err := until(deadline, failed, func() bool { return client.ok(base + "/readyz") }); err != nil {
		return fmt.Errorf("the API server is not ready: %w", err)
	}
	kubeconfig := "--kubeconfig=" + keys.kubeconfig
	if err := launch("controller-manager", kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--root-ca-file="+keys.ca, "--service-account-private-key-file="+keys.key,
		"--kube-api-qps=300", "--kube-api-burst=600", "--pvclaimbinder-sync-period=1s"); err != nil {
		return err
	}
	if err := launch("scheduler", kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--kube-api-qps=300", "--kube-api-burst=600"); err != nil {
		return err
	}
	if err := launch("kwok", kubeconfig, "--manage-all-nodes=true", "--config="+stages,
		"--node-ip=127.0.0.1", "--node-name=localhost", fmt.Sprintf("--node-port=%d", kubelet),
		"--tls-cert-file="+keys.cert, "--tls-private-key-file="+keys.key); err != nil {
		return err
	}
	for at := range nodeCount {
		body := map[string]any{
			"apiVersion": "v1", "kind": "Node",
			"metadata": map[string]any{
				"name": fmt.Sprintf("node-%d", at),
				"labels": map[string]string{
					"kubernetes.io/hostname":        fmt.Sprintf("node-%d", at),
					"topology.kubernetes.io/zone":   fmt.Sprintf("zone-%d", at%2),
					"kubernetes.io/os":              "linux",
					"node.kubernetes.io/simulation": "kwok",
				},
			},
			"status": map[string]any{
				"allocatable": map[string]string{"cpu": "16", "memory": "64Gi", "ephemeral-storage": "1Ti", "pods": "500"},
				"capacity":    map[string]string{"cpu": "16", "memory": "64Gi", "ephemeral-storage": "1Ti", "pods": "500"},
			},
		}
		if err := client.post(base+"/api/v1/nodes", body); err != nil {
			return err
		}
	}
	if err := until(deadline, failed, func() bool {
		return client.readyNodes(base) == nodeCount && client.ok(base+"/api/v1/namespaces/default/serviceaccounts/default")
	}); err != nil {
		return fmt.Errorf("the nodes are not ready: %w", err)
	}
	fmt.Println("ready", keys.kubeconfig)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	select {
	case <-stop:
	case <-ended:
	case err := <-failed:
		return err
	}
	return nil
}

// spawn starts a component that dies with this process; its output goes to a file in the directory.
func spawn(dir string, failed chan<- error, name string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	output, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	command := exec.Command(self, append([]string{name}, args...)...)
	command.Stdout, command.Stderr, command.Dir = output, output, dir
	started := make(chan error)
	go func() {
		// The death signal is tied to the thread that forked.
		runtime.LockOSThread()
		command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		err := command.Start()
		started <- err
		if err == nil {
			failed <- fmt.Errorf("%s ended (see %s): %v", name, output.Name(), command.Wait())
		}
	}()
	return command, <-started
}

func until(deadline time.Time, failed <-chan error, isRight func() bool) error {
	for time.Now().Before(deadline) {
		if isRight() {
			return nil
		}
		select {
		case err := <-failed:
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
	return errors.New("it took too long")
}

func freePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

type administrator struct {
	http  *http.Client
	token string
}

func (a administrator) do(method, url string, body any) (*http.Response, error) {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequest(method, url, &content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", "application/json")
	return a.http.Do(request)
}

func (a administrator) ok(url string) bool {
	response, err := a.do(http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (a administrator) post(url string, body any) error {
	response, err := a.do(http.MethodPost, url, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s: %d %s", url, response.StatusCode, text)
	}
	return nil
}

func (a administrator) readyNodes(base string) int {
	response, err := a.do(http.MethodGet, base+"/api/v1/nodes", nil)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	var list struct {
		Items []struct {
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
	}
	if json.NewDecoder(response.Body).Decode(&list) != nil {
		return 0
	}
	ready := 0
	for _, node := range list.Items {
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				ready++
			}
		}
	}
	return ready
}
