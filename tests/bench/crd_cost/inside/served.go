package main

import (
	"context"
	"encoding/json"
	"log"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Served is a CRD as the API server keeps it while it serves the resource.
type Served struct {
	schema   *structural.Structural
	whole    validation.SchemaValidator
	status   validation.SchemaValidator
	rules    *cel.Validator
	managers map[bool]*managedfields.FieldManager
}

// serve prepares a CRD, which the API server itself must accept with the price of all its rules.
func serve(text json.RawMessage) *Served {
	crd, internal := v1.CustomResourceDefinition{}, apiextensions.CustomResourceDefinition{}
	must(json.Unmarshal(text, &crd))
	v1.SetDefaults_CustomResourceDefinition(&crd)
	v1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	crd.Status.StoredVersions = []string{crd.Spec.Versions[0].Name}
	must(v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&crd, &internal, nil))
	if errs := crdvalidation.ValidateCustomResourceDefinition(context.Background(), &internal); len(errs) > 0 {
		log.Fatal(errs.ToAggregate())
	}
	props := apiextensions.JSONSchemaProps{}
	must(v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil))
	node, err := structural.NewStructural(&props)
	must(err)
	status := props.Properties["status"]
	return &Served{
		schema:   node,
		whole:    validator(&props),
		status:   validator(&status),
		rules:    cel.NewValidator(node, true, celconfig.PerCallLimit),
		managers: map[bool]*managedfields.FieldManager{false: manager(&crd, false), true: manager(&crd, true)},
	}
}

func validator(props *apiextensions.JSONSchemaProps) validation.SchemaValidator {
	found, _, err := validation.NewSchemaValidator(props)
	must(err)
	return found
}

// manager returns who keeps the managed fields of a write of the object, or of its status.
func manager(crd *v1.CustomResourceDefinition, status bool) *managedfields.FieldManager {
	version := crd.Spec.Versions[0].Name
	spec, err := builder.BuildOpenAPIV3(crd, version, builder.Options{})
	must(err)
	types, err := managedfields.NewTypeConverter(spec.Components.Schemas, false)
	must(err)
	kind := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version, Kind: crd.Spec.Names.Kind}
	subresource, reset := "", []string{"status"}
	if status {
		subresource, reset = "status", []string{"metadata", "spec"}
	}
	fields := fieldpath.NewSet()
	for _, name := range reset {
		fields.Insert(fieldpath.MakePathOrDie(name))
	}
	found, err := managedfields.NewDefaultCRDFieldManager(types, alone{}, alone{}, alone{}, kind,
		kind.GroupVersion(), subresource, fieldpath.NewExcludeFilterSetMap(
			map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(kind.GroupVersion().String()): fields}))
	must(err)
	return found
}

// alone converts nothing: the resource has one version, and its defaults are filled in elsewhere.
type alone struct{}

func (alone) Convert(in, out, _ any) error { return runtime.NewNotRegisteredErrForTarget("", nil, nil) }
func (alone) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (alone) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
func (alone) Default(runtime.Object) {}
func (alone) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object, nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
