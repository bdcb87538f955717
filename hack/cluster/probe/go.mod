module formations.dev/cluster/probe

go 1.26
