package main

import (
	"bufio"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
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
	programs := flags.String("node", "", "adds a real node, with containerd and what it needs from this directory")
	policies := flags.String("policies", "", "kube-router, which puts network policies in force on that node")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("--dir is missing")
	}
	ports, err := freePorts(5)
	if err != nil {
		return err
	}
	etcd, peer, api, kubelet, metrics := ports[0], ports[1], ports[2], ports[3], ports[4]
	var real *realNode
	if *programs != "" {
		if real, err = newRealNode(*dir, *programs, *policies, api); err != nil {
			return err
		}
		defer real.remove()
	}
	keys, err := newKeys(*dir, api, real.network())
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
	// A server that is stopped so keeps its connections, and answers nothing: all of the cluster notices.
	signalAPI := func(signal os.Signal) error { return running[1].Process.Signal(signal) }

	if err := launch("etcd", "--dir", filepath.Join(*dir, "etcd"), "--port", strconv.Itoa(etcd),
		"--peer-port", strconv.Itoa(peer)); err != nil {
		return err
	}
	hasty := real.haste()
	if err := launch("apiserver", append(hasty.apiserver,
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", etcd),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		fmt.Sprintf("--secure-port=%d", api),
		"--tls-cert-file="+keys.cert, "--tls-private-key-file="+keys.key,
		"--token-auth-file="+keys.tokens,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+keys.key, "--service-account-signing-key-file="+keys.key,
		"--service-cluster-ip-range="+real.services(),
		"--authorization-mode=Node,RBAC",
		// So that it is Pod Security that refuses.
		"--allow-privileged=true",
		"--kubelet-certificate-authority="+keys.ca,
		"--kubelet-client-certificate="+keys.cert, "--kubelet-client-key="+keys.key,
		"--kubelet-preferred-address-types=InternalIP",
		"--watch-cache=true",
		// So that it can have the metrics server answer for it.
		"--enable-aggregator-routing=true", "--requestheader-client-ca-file="+keys.ca,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+keys.cert, "--proxy-client-key-file="+keys.key,
	)...); err != nil {
		return err
	}
	client := keys.client()
	base := fmt.Sprintf("https://127.0.0.1:%d", api)
	deadline := time.Now().Add(startTimeout)
	if err := until(deadline, failed, func() bool { return client.ok(base + "/readyz") }); err != nil {
		return fmt.Errorf("the API server is not ready: %w", err)
	}
	kubeconfig := "--kubeconfig=" + keys.kubeconfig
	if err := launch("controller-manager", append(hasty.controllers, kubeconfig, "--leader-elect=false",
		"--secure-port=0", "--root-ca-file="+keys.ca, "--service-account-private-key-file="+keys.key,
		"--kube-api-qps=300", "--kube-api-burst=600", "--pvclaimbinder-sync-period=1s")...); err != nil {
		return err
	}
	if err := launch("scheduler", kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--kube-api-qps=300", "--kube-api-burst=600"); err != nil {
		return err
	}
	if err := launch("kwok", kubeconfig, "--manage-all-nodes=false", "--config="+stages,
		"--manage-nodes-with-label-selector=node.kubernetes.io/simulation=kwok",
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
			"spec": map[string]any{"taints": real.taints()},
			"status": map[string]any{
				"allocatable": map[string]string{"cpu": "16", "memory": "64Gi", "ephemeral-storage": "1Ti", "pods": "500"},
				"capacity":    map[string]string{"cpu": "16", "memory": "64Gi", "ephemeral-storage": "1Ti", "pods": "500"},
			},
		}
		if err := client.post(base+"/api/v1/nodes", body); err != nil {
			return err
		}
	}
	expected := nodeCount
	if real != nil {
		if err := real.start(); err != nil {
			return err
		}
		expected++
		if err := launch("metrics-server", metricsFlags(keys, real.host(), metrics)...); err != nil {
			return err
		}
		if err := registerMetrics(client, base, real.host(), metrics); err != nil {
			return err
		}
	}
	if err := until(deadline, real.ended(), func() bool {
		return client.readyNodes(base) == expected && client.ok(base+"/api/v1/namespaces/default/serviceaccounts/default")
	}); err != nil {
		return fmt.Errorf("the nodes are not ready: %w", err)
	}
	fmt.Println("ready", keys.kubeconfig, real.host())

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	lines := make(chan string)
	go func() {
		for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
			lines <- scanner.Text()
		}
		close(lines)
	}()
	for {
		select {
		case <-stop:
			return nil
		case line, isOpen := <-lines:
			if !isOpen {
				return nil
			}
			var err error
			switch line {
			case "freeze api":
				err = signalAPI(syscall.SIGSTOP)
			case "thaw api":
				err = signalAPI(syscall.SIGCONT)
			case "kill node":
				err = real.takeAway()
			case "start node":
				err = real.bringBack()
			default:
				err = fmt.Errorf("unknown command %q", line)
			}
			if err != nil {
				return err
			}
			fmt.Println("done", line)
		case err := <-failed:
			return err
		case err := <-real.ended():
			return err
		}
	}
}
