// Command cluster is a Kubernetes cluster in one binary: etcd, the API server, the controller manager, the
// scheduler, kwok's simulated nodes, and a real node's kubelet and kube-proxy. Each runs as a process of its own, since the components of
// Kubernetes share global state (feature gates, metrics) that two of them in one process would fight over.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: cluster up --dir DIR [--node DIR], or a component of it: etcd, apiserver, ...")
		os.Exit(2)
	}
	name := os.Args[1]
	// Each component parses os.Args itself.
	os.Args = append([]string{name}, os.Args[2:]...)
	var err error
	switch name {
	case "up":
		err = up(os.Args[1:])
	case "etcd":
		err = runEtcd(os.Args[1:])
	case "apiserver", "controller-manager", "scheduler", "kubelet", "proxy", "metrics-server":
		os.Exit(runComponent(name))
	case "kwok":
		err = runKwok()
	case "node":
		err = runNode(os.Args[1:])
	default:
		err = fmt.Errorf("unknown component %q", name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}
