package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
)

// network is how one real node is reached: a pair of interfaces whose other end is in the node's own network
// namespace, so that the kernel takes both, with all routes and chains, when the node ends.
type network struct {
	index int
}

// Networks of private addresses by which several clusters on a machine stay apart; the third byte is the index.
const networkCount = 250

// claimNetwork takes the first index whose interface nobody has: that it can be made at all is what claims it.
func claimNetwork() (*network, error) {
	var last error
	for index := range networkCount {
		candidate := &network{index: index}
		if last = candidate.claim(); last == nil {
			return candidate, nil
		}
		if !strings.Contains(last.Error(), "File exists") {
			return nil, last
		}
	}
	return nil, fmt.Errorf("no network is free: %w", last)
}

func (n *network) claim() error {
	return ip("link", "add", n.outer(), "type", "veth", "peer", "name", n.inner())
}

func (n *network) outer() string    { return fmt.Sprintf("berth%d", n.index) }
func (n *network) inner() string    { return fmt.Sprintf("berth%d-node", n.index) }
func (n *network) host() string     { return fmt.Sprintf("10.234.%d.1", n.index) }
func (n *network) node() string     { return fmt.Sprintf("10.234.%d.2", n.index) }
func (n *network) pods() string     { return fmt.Sprintf("10.235.%d.0/24", n.index) }
func (n *network) services() string { return fmt.Sprintf("10.236.%d.0/24", n.index) }

func (n *network) addresses() []net.IP {
	return []net.IP{net.ParseIP(n.host()), net.ParseIP(n.node())}
}

func (n *network) remove() { _ = ip("link", "del", n.outer()) }

// address gives this side of the pair its address, before there is a node.
func (n *network) address() error {
	if err := ip("addr", "add", n.host()+"/30", "dev", n.outer()); err != nil {
		return err
	}
	return ip("link", "set", n.outer(), "up")
}

// attach hands the other end to the namespace of a process, and sends what is for pods and services there.
func (n *network) attach(pid int) error {
	if err := ip("link", "set", n.inner(), "netns", fmt.Sprint(pid)); err != nil {
		return err
	}
	for _, destination := range []string{n.pods(), n.services()} {
		// The link has no carrier until the other end is up.
		if err := ip("route", "add", destination, "via", n.node(), "dev", n.outer(), "onlink"); err != nil {
			return err
		}
	}
	return nil
}

// enter sets up the other end, from within the node's namespace.
func (n *network) enter() error {
	return errors.Join(
		ip("link", "set", "lo", "up"),
		ip("addr", "add", n.node()+"/30", "dev", n.inner()),
		ip("link", "set", n.inner(), "up"),
		ip("route", "add", "default", "via", n.host()),
	)
}

func (n *network) isEntered() bool { return ip("link", "show", n.inner()) == nil }

func ip(args ...string) error {
	if output, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, output)
	}
	return nil
}
