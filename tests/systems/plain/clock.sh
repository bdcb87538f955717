#!/bin/sh
# A clock: says every second that it is time; at SIGTERM it ends at once, because a tick isn't work.
trap 'echo "clock: stopped"; exit 0' TERM
while true; do
    echo "clock: tick at $(date -u +%T)"
    sleep 1 &
    wait $!
done
