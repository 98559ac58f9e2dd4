#!/bin/sh
# A kubeconfig with which Ballast may watch a cluster, and do nothing else there:
#
#   sh deploy/manifests/reader-kubeconfig.sh --kubeconfig admin.kubeconfig >east.kubeconfig
#
# All arguments go to kubectl, which has to be somebody's who may give rights (--context, --as). In that
# cluster it makes, or brings up to date, the namespace `ballast` (BALLAST_NAMESPACE), in it the
# ServiceAccount `ballast-reader`, the ClusterRole of cluster-role-reader.yaml, and its binding. The token
# lives BALLAST_TOKEN_HOURS, a year where that is absent, or as long as the API server gives; run it again
# before that, into a file beside the old one that is then renamed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
namespace=${BALLAST_NAMESPACE:-ballast}
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

kubectl "$@" apply -f "$here/cluster-role-reader.yaml" -f - >&2 <<YAML
apiVersion: v1
kind: Namespace
metadata: {name: $namespace}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: ballast-reader, namespace: $namespace}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ballast-reader-$namespace}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ballast-reader}
subjects: [{kind: ServiceAccount, name: ballast-reader, namespace: $namespace}]
YAML
token=$(kubectl "$@" --namespace "$namespace" create token ballast-reader \
  --duration "${BALLAST_TOKEN_HOURS:-8760}h")

# The way to the cluster as it was, with another user; that of before goes with --minify.
kubectl "$@" config view --minify --raw --flatten >"$folder/way"
kubectl --kubeconfig "$folder/way" config set-context --current --user ballast-reader --namespace= >/dev/null
cat >"$folder/user" <<YAML
apiVersion: v1
kind: Config
users: [{name: ballast-reader, user: {token: $token}}]
YAML
KUBECONFIG="$folder/way:$folder/user" kubectl config view --minify --raw --flatten
