package main

import "strconv"

// metricsFlags are those of a metrics server on this machine that asks the real node.
func metricsFlags(keys *keys, host string, port int) []string {
	return []string{
		"--kubeconfig=" + keys.kubeconfig,
		"--authentication-kubeconfig=" + keys.kubeconfig, "--authorization-kubeconfig=" + keys.kubeconfig,
		"--bind-address=" + host, "--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + keys.cert, "--tls-private-key-file=" + keys.key,
		"--kubelet-certificate-authority=" + keys.ca,
		"--kubelet-client-certificate=" + keys.cert, "--kubelet-client-key=" + keys.key,
		"--kubelet-preferred-address-types=InternalIP",
		"--node-selector=kubernetes.io/hostname=" + nodeName,
		"--metric-resolution=10s", "--kubelet-request-timeout=5s",
	}
}

// registerMetrics tells the API server who answers for the group of metrics.
func registerMetrics(client administrator, base, host string, port int) error {
	const name, namespace = "metrics-server", "kube-system"
	if err := client.post(base+"/api/v1/namespaces/"+namespace+"/services", map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"ports": []any{map[string]any{"name": "https", "port": 443}}},
	}); err != nil {
		return err
	}
	if err := client.post(base+"/apis/discovery.k8s.io/v1/namespaces/"+namespace+"/endpointslices", map[string]any{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
		"metadata": map[string]any{
			"name": name, "labels": map[string]string{"kubernetes.io/service-name": name},
		},
		"endpoints": []any{map[string]any{
			"addresses": []string{host}, "conditions": map[string]bool{"ready": true},
		}},
		"ports": []any{map[string]any{"name": "https", "port": port}},
	}); err != nil {
		return err
	}
	return client.post(base+"/apis/apiregistration.k8s.io/v1/apiservices", map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": "v1beta1.metrics.k8s.io"},
		"spec": map[string]any{
			"group": "metrics.k8s.io", "version": "v1beta1",
			"service":               map[string]any{"namespace": namespace, "name": name, "port": 443},
			"insecureSkipTLSVerify": true, "groupPriorityMinimum": 100, "versionPriority": 100,
		},
	})
}
