package main

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "formations.dev", Version: "v1"}

// Formation is as much of the resource as the benchmark uses.
type Formation struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              Spec   `json:"spec"`
	Status            Status `json:"status"`
}

// FormationList is what a list answers.
type FormationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Formation `json:"items"`
}

// Spec is what is declared.
type Spec struct {
	Image     string             `json:"image"`
	Processes map[string]Process `json:"processes"`
}

// Process is one process type.
type Process struct {
	Command  []string `json:"command"`
	Replicas int32    `json:"replicas"`
}

// Status is what is reported.
type Status struct {
	ObservedGeneration int64                    `json:"observedGeneration"`
	Summary            string                   `json:"summary"`
	Processes          map[string]ProcessStatus `json:"processes"`
	Conditions         []metav1.Condition       `json:"conditions"`
}

// ProcessStatus is what is reported of one process type.
type ProcessStatus struct {
	DesiredReplicas int32  `json:"desiredReplicas"`
	ReadyReplicas   int32  `json:"readyReplicas"`
	UpdatedReplicas int32  `json:"updatedReplicas"`
	Selector        string `json:"selector"`
	State           string `json:"state"`
	Reason          string `json:"reason,omitempty"`
	Message         string `json:"message,omitempty"`
	Restarts        int32  `json:"restarts"`
}

// DeepCopyObject returns a copy that shares nothing which is changed.
func (in *Formation) DeepCopyObject() runtime.Object {
	out := *in
	out.ObjectMeta = *in.ObjectMeta.DeepCopy()
	out.Spec.Processes = maps.Clone(in.Spec.Processes)
	out.Status.Processes = maps.Clone(in.Status.Processes)
	out.Status.Conditions = append([]metav1.Condition(nil), in.Status.Conditions...)
	return &out
}

// DeepCopyObject returns a copy of each item.
func (in *FormationList) DeepCopyObject() runtime.Object {
	out := *in
	out.Items = make([]Formation, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*Formation)
	}
	return &out
}
