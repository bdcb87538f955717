// Judge a live object as Argo CD does: by its own code for health, with overrides, and for differences.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type question struct {
	Lives     []map[string]any  `json:"lives"`
	Config    map[string]any    `json:"config"`
	Overrides map[string]string `json:"overrides"`
}

type verdict struct {
	Health    *health.HealthStatus `json:"health"`
	OutOfSync bool                 `json:"outOfSync"`
}

func main() {
	var asked question
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	overrides := lua.ResourceHealthOverrides{}
	for kind, script := range asked.Overrides {
		overrides[kind] = v1alpha1.ResourceOverride{HealthLua: script}
	}
	verdicts := []verdict{}
	for _, each := range asked.Lives {
		live := &unstructured.Unstructured{Object: each}
		judged, err := health.GetResourceHealth(live, overrides)
		must(err)
		compared, err := diff.Diff(&unstructured.Unstructured{Object: asked.Config}, live)
		must(err)
		verdicts = append(verdicts, verdict{judged, compared.Modified})
	}
	must(json.NewEncoder(os.Stdout).Encode(verdicts))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
