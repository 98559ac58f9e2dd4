#!/bin/sh
# Makes ballast.yaml from the chart, for those who use no Helm: sh deploy/manifests/render.sh >ballast.yaml
# A test holds the file against it. HELM names the program, where it is not `helm`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cat <<'HEAD'
# Ballast's controller by plain manifests; made by render.sh from deploy/chart with its defaults. Change
# the image and the ConfigMap, make the two Secrets that the Deployment names, then
#   kubectl apply -f ballast.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: ballast
  labels:
    pod-security.kubernetes.io/enforce: restricted
HEAD
"${HELM:-helm}" template ballast "$here/../chart" --namespace ballast --kube-version 1.36.0 --no-hooks |
  sed -e '/^# Source: /d' -e '/app.kubernetes.io\/managed-by: Helm/d'
