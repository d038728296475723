package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// realNode is the cluster's one node whose containers run. A nil one is none, and answers for a cluster without it.
type realNode struct {
	dir, programs, policies string
	port                    int
	net                     *network
	proxy                   net.Listener
	process                 *exec.Cmd
	failed                  chan error
}

func newRealNode(dir, programs, policies string, port int) (*realNode, error) {
	removeLeftCgroups()
	claimed, err := claimNetwork()
	if err != nil {
		return nil, err
	}
	return &realNode{dir: dir, programs: programs, policies: policies, port: port, net: claimed}, nil
}

func (r *realNode) network() *network {
	if r == nil {
		return nil
	}
	return r.net
}

func (r *realNode) host() string {
	if r == nil {
		return ""
	}
	return r.net.host()
}

func (r *realNode) services() string {
	if r == nil {
		return "10.96.0.0/16"
	}
	return r.net.services()
}

// taints keep pods off the simulated nodes, unless they ask for them.
func (r *realNode) taints() []map[string]string {
	if r == nil {
		return nil
	}
	return []map[string]string{{"key": "node.kubernetes.io/simulation", "value": "kwok", "effect": "NoSchedule"}}
}

type haste struct{ apiserver, controllers []string }

// haste has what takes minutes done within seconds, of a node that is away and of replicas that follow the load.
// Simulated nodes are left in peace: they tell that they are alive about as seldom as would make them seem to be away,
// and a pod of theirs that is called not ready stays so.
func (r *realNode) haste() haste {
	if r == nil {
		return haste{controllers: []string{"--node-monitor-grace-period=10m"}}
	}
	return haste{
		apiserver: []string{
			"--default-not-ready-toleration-seconds=3", "--default-unreachable-toleration-seconds=3",
		},
		controllers: []string{
			"--node-monitor-grace-period=20s",
			"--horizontal-pod-autoscaler-sync-period=3s",
			"--horizontal-pod-autoscaler-downscale-stabilization=10s",
			"--horizontal-pod-autoscaler-cpu-initialization-period=5s",
			"--horizontal-pod-autoscaler-initial-readiness-delay=5s",
		},
	}
}

// ended tells that the node has ended by itself.
func (r *realNode) ended() <-chan error {
	if r == nil {
		return nil
	}
	return r.failed
}

// start brings the node up, the first time and after it was killed.
func (r *realNode) start() error {
	if err := makeCgroups(cgroupName()); err != nil {
		return fmt.Errorf("cgroups: %w", err)
	}
	if err := r.net.address(); err != nil {
		return err
	}
	if err := r.serveAPI(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r.failed = make(chan error, 1)
	attributes := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
	}
	r.process, err = spawnProgram(r.dir, r.failed, "node", attributes, self, "node", "--dir="+r.dir,
		"--programs="+r.programs, "--policies="+r.policies, "--network="+strconv.Itoa(r.net.index), "--cgroup="+cgroupName())
	if err != nil {
		return err
	}
	return r.net.attach(r.process.Process.Pid)
}

// kill takes the node away as a power cut does. All in its namespaces ends with it.
func (r *realNode) kill() {
	if r.process == nil {
		return
	}
	_ = r.process.Process.Kill()
	// It may have ended by itself, and that have been told already.
	for r.process.Process.Signal(syscall.Signal(0)) == nil {
		time.Sleep(10 * time.Millisecond)
	}
	r.process, r.failed = nil, nil
	_ = r.proxy.Close()
}

func (r *realNode) remove() {
	r.kill()
	r.net.remove()
	removeCgroups(cgroupName())
}

var errNoNode = errors.New("there is no real node")

func (r *realNode) takeAway() error {
	if r == nil {
		return errNoNode
	}
	r.kill()
	r.net.remove()
	return nil
}

func (r *realNode) bringBack() error {
	if r == nil {
		return errNoNode
	}
	if err := r.net.claim(); err != nil {
		return err
	}
	return r.start()
}

// serveAPI lets the node reach the API server, which listens on the machine's loopback interface.
func (r *realNode) serveAPI() error {
	listener, err := net.Listen("tcp", net.JoinHostPort(r.net.host(), strconv.Itoa(r.port)))
	if err != nil {
		return err
	}
	r.proxy = listener
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go r.forward(from)
		}
	}()
	return nil
}

func (r *realNode) forward(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)))
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, from)
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(from, to)
}
