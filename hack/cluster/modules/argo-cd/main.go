// Judge a live object as Argo CD does: by its own code for settings, health, differences and actions.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
)

const namespace = "argocd"

type question struct {
	Lives      []map[string]any  `json:"lives"`
	Config     map[string]any    `json:"config"`
	Settings   corev1.ConfigMap  `json:"settings"`
	Action     string            `json:"action"`
	Parameters map[string]string `json:"parameters"`
}

type verdict struct {
	Health    *health.HealthStatus      `json:"health"`
	OutOfSync bool                      `json:"outOfSync"`
	Actions   []v1alpha1.ResourceAction `json:"actions"`
	Changed   map[string]any            `json:"changed"`
	Refused   string                    `json:"refused"`
}

func main() {
	logrus.SetOutput(io.Discard)
	var asked question
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	overrides := customizations(asked.Settings)
	verdicts := []verdict{}
	for _, each := range asked.Lives {
		live := &unstructured.Unstructured{Object: each}
		judged, err := health.GetResourceHealth(live, lua.ResourceHealthOverrides(overrides))
		must(err)
		compared, err := diff.Diff(&unstructured.Unstructured{Object: asked.Config}, live)
		must(err)
		said := verdict{Health: judged, OutOfSync: compared.Modified}
		act(lua.VM{ResourceOverrides: overrides}, live, asked, &said)
		verdicts = append(verdicts, said)
	}
	must(json.NewEncoder(os.Stdout).Encode(verdicts))
}

// customizations reads Argo CD's ConfigMap as its server does.
func customizations(config corev1.ConfigMap) map[string]v1alpha1.ResourceOverride {
	config.Namespace = namespace
	config.Labels = map[string]string{"app.kubernetes.io/part-of": "argocd"}
	manager := settings.NewSettingsManager(context.Background(), fake.NewClientset(&config), namespace)
	overrides, err := manager.GetResourceOverrides()
	must(err)
	return overrides
}

// act lists the actions of an object, and runs the one that is asked for.
func act(vm lua.VM, live *unstructured.Unstructured, asked question, said *verdict) {
	scripts, err := vm.GetResourceActionDiscovery(live)
	must(err)
	said.Actions, err = vm.ExecuteResourceActionDiscovery(live, scripts)
	must(err)
	if asked.Action == "" {
		return
	}
	action, err := vm.GetResourceAction(live, asked.Action)
	must(err)
	parameters := []*application.ResourceActionParameters{}
	for name, value := range asked.Parameters {
		parameters = append(parameters, &application.ResourceActionParameters{Name: &name, Value: &value})
	}
	changed, err := vm.ExecuteResourceAction(live, action.ActionLua, parameters)
	if err != nil {
		said.Refused = err.Error()
		return
	}
	said.Changed = changed[0].UnstructuredObj.Object
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
