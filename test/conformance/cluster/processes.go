package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// spawn starts a component, which is this program again.
func spawn(dir string, failed chan<- error, name string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return spawnProgram(dir, failed, name, nil, self, append([]string{name}, args...)...)
}

// spawnProgram starts a program that dies with this process; its output goes to a file in the directory.
func spawnProgram(dir string, failed chan<- error, name string, attributes *syscall.SysProcAttr, program string,
	args ...string) (*exec.Cmd, error) {
	output, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	if attributes == nil {
		attributes = &syscall.SysProcAttr{}
	}
	attributes.Pdeathsig = syscall.SIGKILL
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr, command.Dir, command.SysProcAttr = output, output, dir, attributes
	started := make(chan error)
	go func() {
		// The death signal is tied to the thread that forked.
		runtime.LockOSThread()
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
