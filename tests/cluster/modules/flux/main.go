// Apply a manifest and wait for its health as Flux's kustomize-controller does, by the same libraries.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/ssa"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	crlog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

type question struct {
	Manifest map[string]any                `json:"manifest"`
	Checks   []kustomize.CustomHealthCheck `json:"checks"`
	Seconds  int                           `json:"seconds"`
}

type answer struct {
	Action  string `json:"action"`
	Trouble string `json:"trouble"`
}

func main() {
	crlog.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	var asked question
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	cluster, err := client.New(config.GetConfigOrDie(), client.Options{})
	must(err)
	readers := []engine.StatusReader{}
	if len(asked.Checks) > 0 {
		reader, err := cel.NewStatusReader(asked.Checks)
		must(err)
		readers = append(readers, reader(cluster.RESTMapper()))
	}
	poller := polling.NewStatusPoller(cluster, cluster.RESTMapper(), polling.Options{CustomStatusReaders: readers})
	manager := ssa.NewResourceManager(cluster, poller, ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"})
	applied, err := manager.ApplyAll(
		context.Background(),
		[]*unstructured.Unstructured{{Object: asked.Manifest}},
		ssa.DefaultApplyOptions(),
	)
	must(err)
	given := answer{Action: string(applied.Entries[0].Action)}
	wait := ssa.WaitOptions{Interval: time.Second, Timeout: time.Duration(asked.Seconds) * time.Second, FailFast: true}
	if err := manager.WaitForSet(applied.ToObjMetadataSet(), wait); err != nil {
		given.Trouble = err.Error()
	}
	must(json.NewEncoder(os.Stdout).Encode(given))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
