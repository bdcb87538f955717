// The reference: the operator that most people would write for the same job, with controller-runtime.
//
// It makes the same Deployments of a Formation by server-side apply and reports in the same status. It is
// written to be fast: what a digest shows to be unchanged isn't written, its client isn't slowed down, and
// several Formations are worked on at once. It leaves out what isn't measured (Services, counts of others,
// diagnosis).
package main

import (
	"context"
	"errors"
	"flag"
	"maps"
	"net/http"
	"os"
	"slices"

	apps "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const manager = client.FieldOwner("formation-operator")

type reconciler struct{ client.Client }

// Reconcile makes the Deployments of a Formation and reports.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	formation := &Formation{}
	if err := r.Get(ctx, request.NamespacedName, formation); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	names := slices.Sorted(maps.Keys(formation.Spec.Processes))
	children := map[string]*apps.Deployment{}
	for _, name := range names {
		child, err := r.ensure(ctx, formation, name)
		if err != nil {
			return ctrl.Result{}, err
		}
		children[name] = child
	}
	return ctrl.Result{}, r.report(ctx, formation, statusOf(formation, names, children))
}

// ensure applies the Deployment of a process type, unless the cache shows that it is as intended.
func (r *reconciler) ensure(ctx context.Context, formation *Formation, name string) (*apps.Deployment, error) {
	wanted, err := deployment(formation, name)
	if err != nil {
		return nil, err
	}
	present := &apps.Deployment{}
	key := client.ObjectKey{Namespace: formation.Namespace, Name: *wanted.Name}
	if err := r.Get(ctx, key, present); client.IgnoreNotFound(err) != nil {
		return nil, err
	}
	if present.Annotations[intent] == wanted.Annotations[intent] {
		return present, nil
	}
	return present, r.Apply(ctx, wanted, manager, client.ForceOwnership)
}

// report applies a status that differs from the one that is there.
func (r *reconciler) report(ctx context.Context, formation *Formation, status Status) error {
	if formation.Status.equals(status) {
		return nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&status)
	if err != nil {
		return err
	}
	wanted := &unstructured.Unstructured{Object: map[string]any{"status": content}}
	wanted.SetGroupVersionKind(groupVersion.WithKind("Formation"))
	wanted.SetNamespace(formation.Namespace)
	wanted.SetName(formation.Name)
	return r.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(wanted), manager, client.ForceOwnership)
}

func main() {
	health := flag.String("health", "127.0.0.1:8080", "where to answer health checks")
	workers := flag.Int("workers", 20, "Formations worked on at once")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(*health, *workers); err != nil {
		ctrl.Log.Error(err, "stopping")
		os.Exit(1)
	}
}

func run(health string, workers int) error {
	scheme.Scheme.AddKnownTypes(groupVersion, &Formation{}, &FormationList{})
	metav1.AddToGroupVersion(scheme.Scheme, groupVersion)
	config := ctrl.GetConfigOrDie()
	config.QPS = -1
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                 scheme.Scheme,
		HealthProbeBindAddress: health,
		Metrics:                server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	listed := func(request *http.Request) error {
		for _, kind := range []client.Object{&Formation{}, &apps.Deployment{}} {
			informer, err := manager.GetCache().GetInformer(request.Context(), kind, cache.BlockUntilSynced(false))
			if err != nil || !informer.HasSynced() {
				return errors.New("not everything is listed yet")
			}
		}
		return nil
	}
	if err := manager.AddHealthzCheck("listed", listed); err != nil {
		return err
	}
	controller := ctrl.NewControllerManagedBy(manager).For(&Formation{}).Owns(&apps.Deployment{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers})
	if err := controller.Complete(&reconciler{manager.GetClient()}); err != nil {
		return err
	}
	return manager.Start(ctrl.SetupSignalHandler())
}
