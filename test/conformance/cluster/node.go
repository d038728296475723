package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed node/containerd.toml
var containerdConfig string

//go:embed node/kubelet.yaml
var kubeletConfig string

//go:embed node/network.conflist
var networkConfig string

const nodeName = "node-real"

// Settings of the kernel that the kubelet writes. It gets files in their place: they are the whole machine's.
var kernelSettings = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// runNode is the first process of a node: it has namespaces of its own for processes, mounts and networks, so that
// its end is that of containerd, the kubelet, all shims and containers, and of every mount, chain and interface.
func runNode(args []string) error {
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory of the cluster")
	programs := flags.String("programs", "", "directory with containerd, its shim and the CNI plugins")
	policies := flags.String("policies", "", "kube-router, where policies are to be in force")
	index := flags.Int("network", 0, "index of the network")
	cgroup := flags.String("cgroup", "", "cgroup of the containers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	net := &network{index: *index}
	if err := prepareMounts(*dir); err != nil {
		return fmt.Errorf("mounts: %w", err)
	}
	failed := make(chan error, 4)
	deadline := time.Now().Add(startTimeout)
	if err := until(deadline, failed, net.isEntered); err != nil {
		return fmt.Errorf("the network: %w", err)
	}
	if err := errors.Join(net.enter(), os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)); err != nil {
		return err
	}
	replacer := strings.NewReplacer("{dir}", *dir, "{programs}", *programs, "{cgroup}", *cgroup,
		"{address}", net.node(), "{pods}", net.pods())
	write := func(name, content string) (string, error) {
		path := filepath.Join(*dir, "node", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		return path, os.WriteFile(path, []byte(replacer.Replace(content)), 0o600)
	}
	runtime, err := write("containerd.toml", containerdConfig)
	if err != nil {
		return err
	}
	kubelet, err := write("kubelet.yaml", kubeletConfig)
	if err != nil {
		return err
	}
	if _, err := write("cni/pods.conflist", networkConfig); err != nil {
		return err
	}
	os.Setenv("PATH", *programs+":"+os.Getenv("PATH"))
	containerd := filepath.Join(*programs, "containerd")
	if _, err := spawnProgram(*dir, failed, "containerd", nil, containerd, "--config", runtime); err != nil {
		return err
	}
	socket := func() bool { _, err := os.Stat("/run/containerd/containerd.sock"); return err == nil }
	if err := until(deadline, failed, socket); err != nil {
		return fmt.Errorf("containerd is not ready: %w", err)
	}
	kubeconfig := filepath.Join(*dir, "node.kubeconfig")
	if _, err := spawn(*dir, failed, "kubelet", "--kubeconfig="+kubeconfig, "--config="+kubelet,
		"--hostname-override="+nodeName, "--node-ip="+net.node(), "--root-dir="+filepath.Join(*dir, "kubelet"),
		"--node-labels=topology.kubernetes.io/zone=zone-0"); err != nil {
		return err
	}
	if _, err := spawn(*dir, failed, "proxy", "--kubeconfig="+filepath.Join(*dir, "proxy.kubeconfig"),
		"--hostname-override="+nodeName, "--cluster-cidr="+net.pods(), "--proxy-mode=iptables",
		"--conntrack-max-per-core=0", "--conntrack-min=0",
		"--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s"); err != nil {
		return err
	}
	if *policies != "" {
		go keepPolicies(*dir, *policies, net, failed)
	}
	return <-failed
}

// keepPolicies runs kube-router, again and again as a DaemonSet does: it ends where the node is not known yet.
func keepPolicies(dir, program string, net *network, failed chan<- error) {
	for {
		ended := make(chan error, 1)
		if _, err := spawnProgram(dir, ended, "kube-router", nil, program,
			"--kubeconfig="+filepath.Join(dir, "policies.kubeconfig"), "--hostname-override="+nodeName,
			"--run-firewall=true", "--run-router=false", "--run-service-proxy=false", "--enable-cni=false",
			"--service-cluster-ip-range="+net.services(), "--health-port=0"); err != nil {
			failed <- err
			return
		}
		<-ended
		time.Sleep(time.Second)
	}
}

// prepareMounts hides the machine's directories that a node writes to behind empty ones.
func prepareMounts(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	for _, path := range []string{"/run", "/var/lib", "/var/log"} {
		if strings.HasPrefix(dir, path+"/") {
			return fmt.Errorf("the cluster's directory can not be below %s", path)
		}
		if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "mode=755"); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, name := range kernelSettings {
		setting, copy := "/proc/sys/"+name, filepath.Join("/run/kernel", name)
		value, err := os.ReadFile(setting)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(copy), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(copy, value, 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(copy, setting, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", setting, err)
		}
	}
	return nil
}
