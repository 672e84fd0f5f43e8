#!/usr/bin/env bash
# A bare kube-apiserver with its etcd on loopback, for contract suites: no controllers, no node. Prints the kubeconfig's path.
#   kube-apiserver.sh up DIR     starts it with its files in DIR and waits until it is ready
#   kube-apiserver.sh down DIR   ends it
# Needs etcd (Debian's etcd-server) and the binary that real-cluster.sh install builds. Env: RC_HOME (default ~/.cache/real-cluster)
set -euo pipefail
bin=${RC_HOME:-$HOME/.cache/real-cluster}/bin dir=${2:?a folder}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

up() {
  mkdir -p "$dir/certs"; cd "$dir"
  local etcd peer api; etcd=$(free_port) peer=$(free_port) api=$(free_port)
  openssl genrsa -out sa.key 2048 2>/dev/null; echo 'admintoken,admin,admin,system:masters' > tokens.csv
  etcd --data-dir "$dir/etcd" --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd" --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" > etcd.log 2>&1 & echo $! > etcd.pid
  "$bin/kube-apiserver" --etcd-servers="http://127.0.0.1:$etcd" --bind-address=127.0.0.1 --secure-port="$api" --cert-dir="$dir/certs" --token-auth-file=tokens.csv \
    --authorization-mode=RBAC --service-account-key-file=sa.key --service-account-signing-key-file=sa.key --service-account-issuer=https://kubernetes.default.svc \
    --service-cluster-ip-range=10.96.0.0/16 --disable-admission-plugins=ServiceAccount > apiserver.log 2>&1 & echo $! > apiserver.pid
  printf 'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "https://127.0.0.1:%s", insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: {token: admintoken}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\n' "$api" > kubeconfig
  for _ in $(seq 120); do curl -skf -H 'Authorization: Bearer admintoken' "https://127.0.0.1:$api/readyz" >/dev/null 2>&1 && { echo "$dir/kubeconfig"; return; }; sleep 0.5; done
  echo "kube-apiserver did not come up; see $dir/apiserver.log" >&2; exit 1
}

down() { for p in apiserver etcd; do [ -f "$dir/$p.pid" ] && kill "$(cat "$dir/$p.pid")" 2>/dev/null || true; done; sleep 1; rm -rf "$dir"; }

case ${1:-} in up) up ;; down) down ;; *) sed -n '2,6p' "$0"; exit 2 ;; esac
