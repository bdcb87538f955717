#!/bin/sh
# A plain unix worker: takes one job after the other, and at SIGTERM finishes the one that it has begun.
trap 'stopping=yes' TERM
job=0
while [ -z "$stopping" ]; do
    job=$((job + 1))
    echo "worker: job $job begun"
    sleep 2  # the work; the shell looks at signals when it is done
    echo "worker: job $job done"
done
echo "worker: stopped after job $job"
