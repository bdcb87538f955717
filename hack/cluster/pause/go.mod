module formations.dev/cluster/pause

go 1.26
