#!/usr/bin/env bash
# Builds Kubernetes' own end-to-end test binary from its Go module into $RC_HOME/bin/e2e.test, once. Needs Go; about 4 minutes of CPU.
set -euo pipefail
home=${RC_HOME:-$HOME/.cache/real-cluster}
version=1.36.3
target=$home/bin/e2e.test
[ -x "$target" ] && exit 0
mkdir -p "$home/bin" "$home/e2e-src"
cd "$home/e2e-src"
go mod download "k8s.io/kubernetes@v$version"
module=$(go env GOMODCACHE)/k8s.io/kubernetes@v$version
{
  printf 'module e2etest\n\ngo 1.26\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$version"
  grep -oE 'k8s\.io/[A-Za-z0-9./_-]+ v0\.0\.0($| )' "$module/go.mod" | awk '{print "\t"$1" => "$1" v0.'"${version#1.}"'"}' | sort -u
  printf ')\n'
} > go.mod
printf '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/test/e2e"\n' > tools.go
go mod tidy > tidy.log 2>&1
go test -c -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version" -o "$target.part" k8s.io/kubernetes/test/e2e
mv "$target.part" "$target"
