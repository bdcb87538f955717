package main

import (
	"maps"
	"slices"
	"time"

	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Rule is what one rule alone takes of each write, on the way to where it holds included.
type Rule struct {
	At           string             `json:"at"`
	Rule         string             `json:"rule"`
	Microseconds map[string]float64 `json:"us"`
}

// measureRules times every rule of a CRD as if it were the only one.
func measureRules(job Job, server *Served) []Rule {
	found := []Rule{}
	visit(server.schema, "", func(at string, node *structural.Structural) {
		rules := node.XValidations
		for index := range rules {
			found = append(found, Rule{At: at, Rule: rules[index].Rule, Microseconds: map[string]float64{}})
		}
	})
	for index := range found {
		only := server.schema.DeepCopy()
		count := 0
		visit(only, "", func(_ string, node *structural.Structural) {
			kept := node.XValidations[:0:0]
			for _, rule := range node.XValidations {
				if count == index {
					kept = append(kept, rule)
				}
				count++
			}
			node.XValidations = kept
		})
		validator := cel.NewValidator(only, true, celconfig.PerCallLimit)
		for _, write := range job.Writes {
			found[index].Microseconds[write.Name] = best(job, func() {
				check(server.evaluate(validator, write, correlation(server, write)))
			})
		}
	}
	return found
}

// best returns the µs of the fastest round: a single rule is too short for the noise of others.
func best(job Job, do func()) float64 {
	fastest := time.Hour
	for range job.Rounds {
		began := cpu()
		for range job.Each {
			do()
		}
		fastest = min(fastest, cpu()-began)
	}
	return float64(fastest) / float64(job.Each) / 1000
}

// visit calls do for every node of a schema, parents first, in the order of their names.
func visit(node *structural.Structural, at string, do func(string, *structural.Structural)) {
	do(at, node)
	for _, name := range sorted(node.Properties) {
		child := node.Properties[name]
		visit(&child, at+"."+name, do)
		node.Properties[name] = child
	}
	if node.Items != nil {
		visit(node.Items, at+".*", do)
	}
	if node.AdditionalProperties != nil && node.AdditionalProperties.Structural != nil {
		visit(node.AdditionalProperties.Structural, at+".*", do)
	}
}

func sorted(properties map[string]structural.Structural) []string {
	return slices.Sorted(maps.Keys(properties))
}
