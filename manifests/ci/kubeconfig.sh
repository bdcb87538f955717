#!/bin/sh
# Writes a kubeconfig for the account `deployer` of a namespace to standard output, with a token that ends by itself:
#
#   kubeconfig.sh NAMESPACE [DURATION]
#
# You need the right to create tokens of that account. The API server may shorten the duration.
set -eu
namespace=$1 duration=${2:-24h}
file=$(mktemp)
trap 'rm -f "$file" "$file.ca"' EXIT

read_cluster() { kubectl config view --minify --flatten --raw --output="jsonpath={.clusters[0].cluster.$1}"; }

read_cluster certificate-authority-data | base64 -d >"$file.ca"
kubectl config --kubeconfig="$file" set-cluster cluster --server="$(read_cluster server)" \
  --certificate-authority="$file.ca" --embed-certs >/dev/null
kubectl config --kubeconfig="$file" set-credentials deployer \
  --token="$(kubectl --namespace="$namespace" create token deployer --duration="$duration")" >/dev/null
kubectl config --kubeconfig="$file" set-context deployer --cluster=cluster --user=deployer \
  --namespace="$namespace" >/dev/null
kubectl config --kubeconfig="$file" use-context deployer >/dev/null
cat "$file"
