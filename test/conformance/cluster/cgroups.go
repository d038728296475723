package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The place of all containers of a node, below each hierarchy; its name has the process that it belongs to.
const cgroupPrefix = "berth-conformance-"

func cgroupName() string { return cgroupPrefix + strconv.Itoa(os.Getpid()) }

// cgroupRoots are the mounted hierarchies: one for each controller, or the one of version 2.
func cgroupRoots() []string {
	const root = "/sys/fs/cgroup"
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		return []string{root}
	}
	found, _ := filepath.Glob(filepath.Join(root, "*", "cgroup.procs"))
	var roots []string
	for _, file := range found {
		roots = append(roots, filepath.Dir(file))
	}
	return roots
}

func makeCgroups(name string) error {
	for _, root := range cgroupRoots() {
		// Only version 2 has this file, and wants to be told which controllers the children get.
		if controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers")); err == nil {
			for _, controller := range strings.Fields(string(controllers)) {
				_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
			}
		}
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// removeCgroups removes what no process is in any more.
func removeCgroups(name string) {
	for _, root := range cgroupRoots() {
		var directories []string
		_ = filepath.WalkDir(filepath.Join(root, name), func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				directories = append(directories, path)
			}
			return nil
		})
		for at := len(directories) - 1; at >= 0; at-- {
			_ = os.Remove(directories[at])
		}
	}
}

// removeLeftCgroups does so for nodes whose process was killed before it could.
func removeLeftCgroups() {
	for _, root := range cgroupRoots() {
		found, _ := filepath.Glob(filepath.Join(root, cgroupPrefix+"*"))
		for _, path := range found {
			name := filepath.Base(path)
			if _, err := os.Stat("/proc/" + strings.TrimPrefix(name, cgroupPrefix)); errors.Is(err, os.ErrNotExist) {
				removeCgroups(name)
			}
		}
	}
}
