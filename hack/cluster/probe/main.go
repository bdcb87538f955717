// Probe is the smallest workload that shows whether a node is one: it logs, answers on its
// port, reaches the API server through its Service, and ends when it is told to.
// `probe hello` prints its argument and ends, as something to execute in a running container.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println(os.Args[1])
		return
	}
	host, _ := os.Hostname()
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, host)
	})
	http.HandleFunc("/api", func(answer http.ResponseWriter, _ *http.Request) {
		server := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
		connection, err := net.DialTimeout("tcp", server, 3*time.Second)
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
			return
		}
		connection.Close()
		fmt.Fprintln(answer, "reached", server)
	})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go func() {
		fmt.Println("ended by", <-ended)
		os.Exit(0)
	}()
	fmt.Println("listening on :8080")
	fmt.Println(http.ListenAndServe(":8080", nil))
}
