package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

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
