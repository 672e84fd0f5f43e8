#!/usr/bin/env bash
# Runs the node-free conformance specs of Kubernetes' own e2e.test against `lateen local up --api-only` (or against KUBECONFIG when it is set) and prints
# how many passed. Exits 0 only when all did. Builds the binary when it is absent.
#   E2E_FOCUS=REGEX   other specs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${RC_HOME:-$HOME/.cache/real-cluster}/bin/e2e.test
[ -x "$bin" ] || "$here/build-e2e-test.sh"
focus=${E2E_FOCUS:-'\[sig-api-machinery\] (FieldValidation|CustomResourceDefinition resources|CustomResourceFieldSelectors|Watchers|Discovery|AggregatedDiscovery|Servers with support for Table|server version).*\[Conformance\]'}
skip=${E2E_SKIP:-'[Ww]ebhook|Aggregator|FieldSelectors'}
work=$(mktemp -d)
stop() { [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT
if [ -z "${KUBECONFIG:-}" ]; then
  export KUBECONFIG=$work/kubeconfig
  "$root/node_modules/.bin/node" "$root/src/cmd/lateen.ts" local up --api-only --kubeconfig "$KUBECONFIG" > "$work/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do grep -q KUBECONFIG "$work/server.log" && break; sleep 0.1; done
fi
set +e
"$bin" --kubeconfig="$KUBECONFIG" --provider=skeleton --kube-api-content-type=application/json \
  --ginkgo.focus="$focus" --ginkgo.skip="$skip" --allowed-not-ready-nodes=-1 --minStartupPods=0 --num-nodes=0 \
  --node-schedulable-timeout=1s --system-pods-startup-timeout=1s --ginkgo.v --ginkgo.no-color --ginkgo.timeout="${E2E_TIMEOUT:-10m}" > "$work/e2e.log" 2>&1
code=$?
set -e
[ -z "${E2E_LOG:-}" ] || cp "$work/e2e.log" "$E2E_LOG"
grep -E '\[FAIL\]' "$work/e2e.log" | sort -u || true
grep -E '^Ran [0-9]+ of|Passed \|' "$work/e2e.log" || tail -20 "$work/e2e.log"
exit $code
