#!/usr/bin/env bash
# `make test-kubernetes`: contract suites against a real kube-apiserver, Kubernetes' own conformance specs against the local API server, and
# the journeys on a whole real Kubernetes. Builds what is absent (about 10 minutes the first time on 2 cores). Needs root and Go.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd); cd "$root"
real=$root/e2e/real-cluster/real-cluster.sh
failed=0
if [ "$(id -u)" != 0 ] || ! command -v go >/dev/null; then echo "skipped: a real Kubernetes is built with Go and run as root" ; exit 0; fi
section() { echo "== $*"; }

section 'build what is absent'
bash "$real" install || exit 1

section 'contract suites on a real kube-apiserver'
work=$(mktemp -d)
if kubeconfig=$(bash "$here/kube-apiserver.sh" up "$work/api"); then
  LATEEN_CONTRACT_KUBECONFIG=$kubeconfig node --test --test-concurrency=1 --test-reporter=spec \
    src/local/api/api-contract.test.ts src/api/schema.contract.test.ts src/operator/operator.kubernetes.test.ts src/cli/istioctl.kubernetes.test.ts || failed=1
else failed=1; fi
bash "$here/kube-apiserver.sh" down "$work/api"; rm -rf "$work"

section "Kubernetes' own specs on the local API server"
bash "$here/e2e-test.sh" || failed=1

section 'journeys on a real Kubernetes'
LATEEN_E2E=real node --test --test-concurrency=1 --test-reporter=spec e2e/journeys.e2e.ts e2e/pods.e2e.ts || failed=1
exit $failed
