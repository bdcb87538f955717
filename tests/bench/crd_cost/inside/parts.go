package main

import (
	"context"
	"log"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	runtimeobject "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
)

// Parts, in the API server's order.
const (
	PRUNING = iota
	MANAGED
	SCHEMA
	LISTS
	RULES
	PARTS
)

var names = [PARTS]string{"pruning and defaults", "managed fields", "schema", "lists", "CEL"}

// spent is what each part took: ns of CPU, the garbage collector's share included, and bytes allocated.
type spent [PARTS][2]float64

// measureParts times every CRD with every write, alternating, and returns the medians of the rounds.
func measureParts(job Job, served map[string]*Served) []Figure {
	found := []Figure{}
	for _, write := range job.Writes {
		taken, allocated := map[string][]spent{}, map[string]spent{}
		for range job.Rounds {
			for crd, server := range served {
				total := spent{}
				for range job.Each {
					server.write(write, total.cpu)
				}
				taken[crd] = append(taken[crd], total)
			}
		}
		for crd, server := range served {
			total := spent{}
			server.write(write, total.bytes)
			allocated[crd] = total
		}
		for crd, rounds := range taken {
			for part, name := range names {
				found = append(found, Figure{
					CRD: crd, Write: write.Name, Part: name,
					Microseconds: median(rounds, part) / float64(job.Each) / 1000,
					KiB:          allocated[crd][part][1] / 1024,
				})
			}
		}
	}
	return found
}

func median(rounds []spent, part int) float64 {
	values := []float64{}
	for _, each := range rounds {
		values = append(values, each[part][0])
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measured does a part of a write, and counts what it takes.
type measured func(part int, do func())

func (t *spent) cpu(part int, do func()) {
	began := cpu()
	do()
	t[part][0] += float64(cpu() - began)
}

func (t *spent) bytes(part int, do func()) {
	before, after := runtime.MemStats{}, runtime.MemStats{}
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	t[part][1] += float64(after.TotalAlloc - before.TotalAlloc)
}

// cpu returns the CPU time of this process: what others run beside it doesn't count.
func cpu() time.Duration {
	now := unix.Timespec{}
	must(unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now))
	return time.Duration(now.Nano())
}

// write does what the API server does between decoding an object and storing it.
func (s *Served) write(write Write, of measured) {
	live := s.live(write.Old)
	object := &unstructured.Unstructured{Object: runtimeobject.DeepCopyJSON(write.New)}
	object.SetManagedFields(live.GetManagedFields())
	of(PRUNING, func() {
		pruning.Prune(object.Object, s.schema, true)
		defaulting.Default(object.Object, s.schema)
		if err := objectmeta.Coerce(nil, object.Object, s.schema, true, false); err != nil {
			log.Fatal(err)
		}
	})
	of(MANAGED, func() { s.own(live, object, write.Status) })
	correlated := correlation(s, write)
	of(SCHEMA, func() { check(s.validate(write, correlated)) })
	of(LISTS, func() {
		if write.Old != nil {
			check(listtype.ValidateListSetsAndMaps(nil, s.schema, write.Old))
		}
		check(listtype.ValidateListSetsAndMaps(nil, s.schema, write.New))
	})
	of(RULES, func() { check(s.evaluate(s.rules, write, correlated)) })
}

// live returns an object as it is stored, with who owns its spec and its status.
func (s *Served) live(old Object) *unstructured.Unstructured {
	none := map[string]any{"apiVersion": "formations.dev/v1", "kind": "Formation"}
	live := &unstructured.Unstructured{Object: none}
	if old == nil {
		return live
	}
	fresh := runtimeobject.DeepCopyJSON(old)
	delete(fresh, "status")
	live = s.own(live, &unstructured.Unstructured{Object: fresh}, false)
	reported := live.DeepCopy()
	reported.Object["status"] = runtimeobject.DeepCopyJSONValue(old["status"])
	return s.own(live, reported, true)
}

func (s *Served) own(live, changed *unstructured.Unstructured, status bool) *unstructured.Unstructured {
	found, err := s.managers[status].Update(live, changed, "bench")
	must(err)
	return found.(*unstructured.Unstructured)
}

func correlation(s *Served, write Write) *common.CorrelatedObject {
	if write.Old == nil {
		return nil
	}
	return common.NewCorrelatedObject(map[string]any(write.New), map[string]any(write.Old), &model.Structural{Structural: s.schema})
}

func (s *Served) validate(write Write, correlated *common.CorrelatedObject) field.ErrorList {
	switch {
	case write.Old == nil:
		return validation.ValidateCustomResource(nil, map[string]any(write.New), s.whole)
	case write.Status:
		return validation.ValidateCustomResourceUpdate(field.NewPath("status"), write.New["status"],
			write.Old["status"], s.status, validation.WithRatcheting(correlated.Key("status")))
	}
	return validation.ValidateCustomResourceUpdate(nil, map[string]any(write.New), map[string]any(write.Old), s.whole,
		validation.WithRatcheting(correlated))
}

func (s *Served) evaluate(rules *cel.Validator, write Write, correlated *common.CorrelatedObject) field.ErrorList {
	options := []cel.Option{}
	var old any
	if write.Old != nil {
		options, old = append(options, cel.WithRatcheting(correlated)), map[string]any(write.Old)
	}
	errs, _ := rules.Validate(context.Background(), nil, s.schema, map[string]any(write.New), old,
		celconfig.RuntimeCELCostBudget, options...)
	return errs
}

// blocking errors keep the API server from looking at the rules.
var blocking = []field.ErrorType{field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong,
	field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid}

func blocks(err *field.Error) bool { return slices.Contains(blocking, err.Type) }

// judge returns what is wrong with an object that is created.
func (s *Served) judge(object Object) []string {
	write := Write{New: object}
	errs := append(s.validate(write, nil), listtype.ValidateListSetsAndMaps(nil, s.schema, object)...)
	if !slices.ContainsFunc(errs, blocks) {
		errs = append(errs, s.evaluate(s.rules, write, nil)...)
	}
	found := []string{}
	for _, err := range errs {
		found = append(found, err.Error())
	}
	slices.Sort(found)
	return found
}

func check(errs field.ErrorList) {
	if len(errs) > 0 {
		log.Fatal(errs.ToAggregate())
	}
}
