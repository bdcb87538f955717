// Shop is the sample app of the demo and the tests: a twelve-factor app with three process types and a migration.
//
// Every process runs in the foreground, takes its settings from the environment, logs one line per
// thing that it does to standard output, and ends on SIGTERM once its work in hand is done.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// The linker sets the version, so that two images of the same source can be told apart.
var version = "dev"

func main() {
	types := map[string]func(context.Context) error{
		"web": web, "worker": worker, "clock": clock, "fail": fail, "migrate": migrate,
	}
	if len(os.Args) != 2 || types[os.Args[1]] == nil {
		fmt.Println("usage: shop web|worker|clock|fail|migrate")
		os.Exit(2)
	}
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log("started version=%s formation=%s type=%s", version, os.Getenv("FORMATION"), os.Getenv("PROCESS_TYPE"))
	if err := types[os.Args[1]](stopping); err != nil {
		log("failed: %v", err)
		os.Exit(1)
	}
	log("stopped")
}

func log(format string, values ...any) {
	fmt.Printf("%s: %s\n", os.Args[1], fmt.Sprintf(format, values...))
}

// web answers who it is, and on SIGTERM finishes the requests that it has accepted.
func web(stopping context.Context) error {
	port := os.Getenv("PORT")
	if port == "" {
		return fmt.Errorf("PORT is not set")
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", answer)
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	server := &http.Server{Addr: ":" + port, Handler: routes}
	finished := make(chan error)
	go func() {
		<-stopping.Done()
		log("stopping: finishing open requests")
		finished <- server.Shutdown(context.Background())
	}()
	log("listening on port %s", port)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return <-finished
}

// answer waits as many seconds as ?slow= says, so that a test can catch a request in flight.
func answer(w http.ResponseWriter, request *http.Request) {
	began := time.Now()
	slow, _ := strconv.Atoi(request.FormValue("slow"))
	time.Sleep(time.Duration(slow) * time.Second)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{
		"formation":   os.Getenv("FORMATION"),
		"processType": os.Getenv("PROCESS_TYPE"),
		"processName": os.Getenv("PROCESS_NAME"),
		"version":     version,
	})
	log("%s %s in %d ms", request.Method, request.URL.RequestURI(), time.Since(began).Milliseconds())
}

// worker does one job a second; the one in hand when SIGTERM comes is finished first.
//
// Version v3 needs a setting that nobody has made: it is the broken one.
func worker(stopping context.Context) error {
	if version == "v3" && os.Getenv("QUEUE_URL") == "" {
		return fmt.Errorf("QUEUE_URL is not set")
	}
	for job := 1; stopping.Err() == nil; job++ {
		log("job %d started", job)
		time.Sleep(time.Second)
		log("job %d done", job)
	}
	return nil
}

// clock ticks every second. Two of them would tick twice: it is the formation's singleton.
func clock(stopping context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			log("tick %s", now.UTC().Format(time.RFC3339))
		case <-stopping.Done():
			return nil
		}
	}
}

// migrate stands for a migration of a database: three steps, each of which may run again.
func migrate(stopping context.Context) error {
	for step := 1; step <= 3; step++ {
		if stopping.Err() != nil {
			return fmt.Errorf("stopped before step %d of 3", step)
		}
		time.Sleep(time.Second)
		log("step %d of 3 done", step)
	}
	return nil
}

// fail ends at once, as an app with a broken setting does.
func fail(context.Context) error {
	return fmt.Errorf("this process type always fails")
}
