package main

import (
	"fmt"
	"slices"
	"strings"

	apps "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// statusOf returns the status of a Formation; of a condition that holds on, the time stays.
func statusOf(formation *Formation, names []string, children map[string]*apps.Deployment) Status {
	status := Status{
		ObservedGeneration: formation.Generation,
		Processes:          map[string]ProcessStatus{},
		Conditions:         slices.Clone(formation.Status.Conditions),
	}
	var summary []string
	complete := true
	for _, name := range names {
		child, desired := children[name].Status, formation.Spec.Processes[name].Replicas
		process := ProcessStatus{
			DesiredReplicas: desired,
			ReadyReplicas:   child.ReadyReplicas,
			UpdatedReplicas: child.UpdatedReplicas,
			Selector:        fmt.Sprintf("formations.dev/formation=%s,formations.dev/process-type=%s,formations.dev/track=stable", formation.Name, name),
			State:           "Running",
		}
		if child.ReadyReplicas < desired {
			complete = false
			process.State, process.Reason = "Starting", "Progressing"
			process.Message = fmt.Sprintf("%d of %d processes are ready", child.ReadyReplicas, desired)
		}
		status.Processes[name] = process
		summary = append(summary, fmt.Sprintf("%s=%d/%d", name, child.ReadyReplicas, desired))
	}
	status.Summary = strings.Join(summary, " ")
	ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Ready", Message: "all types run as declared"}
	reconciling := metav1.Condition{Type: "Reconciling", Status: metav1.ConditionTrue, Reason: "Progressing", Message: status.Summary}
	if complete {
		meta.RemoveStatusCondition(&status.Conditions, reconciling.Type)
	} else {
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "Progressing", status.Summary
		reconciling.ObservedGeneration = formation.Generation
		meta.SetStatusCondition(&status.Conditions, reconciling)
	}
	ready.ObservedGeneration = formation.Generation
	meta.SetStatusCondition(&status.Conditions, ready)
	return status
}

func (s Status) equals(other Status) bool { return equality.Semantic.DeepEqual(s, other) }
