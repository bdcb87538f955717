// Command crd_cost times what the API server does for a custom resource because of its CRD.
//
// It calls the API server's own libraries in its own order: no network, no etcd, no other load, so that a
// rule's microseconds can be seen.  It reads a job from stdin and prints what it measured, both as JSON.
package main

import (
	"encoding/json"
	"log"
	"os"
	"runtime/pprof"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Job is what to measure: every CRD with every write, round by round; the rules of one CRD, each alone; and
// what every CRD says of the creation of some objects.
type Job struct {
	CRDs   map[string]json.RawMessage `json:"crds"`
	Writes []Write                    `json:"writes"`
	Rounds int                        `json:"rounds"`
	Each   int                        `json:"each"`
	Rules  string                     `json:"rules"`
	Judged []Object                   `json:"judged"`
}

// Write is a change of one object; without Old it is its creation.
type Write struct {
	Name   string `json:"name"`
	Old    Object `json:"old"`
	New    Object `json:"new"`
	Status bool   `json:"status"`
}

// Object is a resource as the API server decodes it, with whole numbers as integers.
type Object map[string]any

// UnmarshalJSON decodes as the API server does.
func (o *Object) UnmarshalJSON(text []byte) error {
	return utiljson.Unmarshal(text, (*map[string]any)(o))
}

// Figure is what one part of a write takes under one CRD.
type Figure struct {
	CRD          string  `json:"crd"`
	Write        string  `json:"write"`
	Part         string  `json:"part"`
	Microseconds float64 `json:"us"`
	KiB          float64 `json:"kib"`
}

// Result is all that was measured.
type Result struct {
	Parts []Figure `json:"parts"`
	Rules []Rule   `json:"rules"`

	Verdicts map[string][][]string `json:"verdicts"`
}

func main() {
	job := Job{}
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		log.Fatal(err)
	}
	if file := os.Getenv("CPU_PROFILE"); file != "" {
		out, err := os.Create(file)
		if err == nil {
			err = pprof.StartCPUProfile(out)
		}
		if err != nil {
			log.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	served := map[string]*Served{}
	for name, text := range job.CRDs {
		served[name] = serve(text)
	}
	result := Result{Parts: measureParts(job, served), Verdicts: map[string][][]string{}}
	for name, server := range served {
		for _, object := range job.Judged {
			result.Verdicts[name] = append(result.Verdicts[name], server.judge(object))
		}
	}
	if job.Rules != "" {
		result.Rules = measureRules(job, served[job.Rules])
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}
