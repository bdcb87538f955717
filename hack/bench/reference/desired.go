package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"

	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	metav1 "k8s.io/client-go/applyconfigurations/meta/v1"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

const intent = "formations.dev/intent"

// deployment returns the Deployment of a process type, with a digest of itself as an annotation.
func deployment(formation *Formation, name string) (*appsv1.DeploymentApplyConfiguration, error) {
	process := formation.Spec.Processes[name]
	selector := selectorOf(formation, name)
	labels := map[string]string{
		"app.kubernetes.io/name":       formation.Name,
		"app.kubernetes.io/instance":   formation.Name,
		"app.kubernetes.io/component":  name,
		"app.kubernetes.io/managed-by": "formation-operator",
	}
	maps.Copy(labels, selector)
	owner := metav1.OwnerReference().WithAPIVersion(groupVersion.String()).WithKind("Formation").
		WithName(formation.Name).WithUID(formation.UID).WithController(true).WithBlockOwnerDeletion(false)
	field := corev1.ObjectFieldSelector().WithFieldPath("metadata.name")
	container := corev1.Container().WithName(name).WithImage(formation.Spec.Image).WithCommand(process.Command...).
		WithEnv(
			corev1.EnvVar().WithName("FORMATION").WithValue(formation.Name),
			corev1.EnvVar().WithName("PROCESS_TYPE").WithValue(name),
			corev1.EnvVar().WithName("PROCESS_NAME").WithValueFrom(corev1.EnvVarSource().WithFieldRef(field)),
		).
		WithTerminationMessagePolicy(core.TerminationMessageFallbackToLogsOnError).
		WithSecurityContext(corev1.SecurityContext().WithAllowPrivilegeEscalation(false).
			WithCapabilities(corev1.Capabilities().WithDrop("ALL")))
	pod := corev1.PodSpec().WithContainers(container).WithEnableServiceLinks(false).WithSecurityContext(corev1.PodSecurityContext().
		WithRunAsNonRoot(true).WithSeccompProfile(corev1.SeccompProfile().WithType(core.SeccompProfileTypeRuntimeDefault)))
	quarter := intstr.FromString("25%")
	spec := appsv1.DeploymentSpec().WithReplicas(process.Replicas).WithMinReadySeconds(5).
		WithSelector(metav1.LabelSelector().WithMatchLabels(selector)).
		WithStrategy(appsv1.DeploymentStrategy().WithType(apps.RollingUpdateDeploymentStrategyType).
			WithRollingUpdate(appsv1.RollingUpdateDeployment().WithMaxSurge(quarter).WithMaxUnavailable(quarter))).
		WithTemplate(corev1.PodTemplateSpec().WithLabels(labels).WithSpec(pod))
	wanted := appsv1.Deployment(formation.Name+"-"+name, formation.Namespace).
		WithLabels(labels).WithOwnerReferences(owner).WithSpec(spec).
		WithAnnotations(map[string]string{
			"formations.dev/content": fmt.Sprintf("1-%032x", 0),
			"formations.dev/count":   fmt.Sprint(process.Replicas),
		})
	text, err := json.Marshal(wanted)
	if err != nil {
		return nil, err
	}
	digest := fnv.New64a()
	_, _ = digest.Write(text)
	return wanted.WithAnnotations(map[string]string{intent: fmt.Sprintf("%016x", digest.Sum64())}), nil
}

func selectorOf(formation *Formation, name string) map[string]string {
	return map[string]string{
		"formations.dev/formation":    formation.Name,
		"formations.dev/process-type": name,
		"formations.dev/track":        "stable",
	}
}
